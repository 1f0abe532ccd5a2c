import type { Health } from '@agent-messenger/contracts';
import { DependencyError } from './dependency-error';
import { withDeadline } from './with-deadline';

/** Checks that a dependency can be used; rejects when it cannot, with a DependencyError where it is known why. */
export type Dependencies = Record<string, () => Promise<unknown>>;

/** Asks all dependencies at once, each with a deadline of 2 s. */
export async function checkDependencies(
  dependencies: Dependencies,
): Promise<Health['dependencies']> {
  const checked = Object.entries(dependencies).map(async ([name, check]) => {
    const from = performance.now();
    const failure = await withDeadline(check(), 2_000).then(
      () => undefined,
      (error: unknown) => reasonOf(error),
    );
    const latency = Math.round((performance.now() - from) * 10) / 10;
    return [
      name,
      failure === undefined
        ? { status: 'ok' as const, latency_ms: latency }
        : { status: 'down' as const, latency_ms: null, reason: failure },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(checked));
}

function reasonOf(error: unknown): string {
  return error instanceof DependencyError ? error.reason : 'no_answer';
}
