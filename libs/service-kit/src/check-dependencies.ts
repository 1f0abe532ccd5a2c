import type { Health } from '@agent-messenger/contracts';

/** Checks that a dependency answers; rejects when it does not. */
export type Dependencies = Record<string, () => Promise<unknown>>;

/** Asks all dependencies at once, each with a deadline of 2 s. */
export async function checkDependencies(
  dependencies: Dependencies,
): Promise<Health['dependencies']> {
  const checked = Object.entries(dependencies).map(async ([name, check]) => {
    const from = performance.now();
    const answered = await withDeadline(check(), 2_000).then(
      () => true,
      () => false,
    );
    const latency = Math.round((performance.now() - from) * 10) / 10;
    return [
      name,
      {
        status: answered ? ('ok' as const) : ('down' as const),
        latency_ms: answered ? latency : null,
      },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(checked));
}

function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}
