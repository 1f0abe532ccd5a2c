import { healthSchema } from '@agent-messenger/contracts';
import type { Finding } from './check';
import { fail, ok, warn } from './check';
import { compareClocks } from './clock';

const DEADLINE_MS = 5_000;
/** HTTP's Date has seconds. */
const DATE_RESOLUTION_MS = 1_000;

/** Asks a gateway how it and what it depends on are. */
export async function checkGateway(url: string): Promise<Finding[]> {
  const before = Date.now();
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(DEADLINE_MS) });
    body = await response.json();
  } catch (error) {
    const reason = error instanceof Error ? String(error.cause ?? error.message) : String(error);
    return [fail('gateway', `${url}: ${reason}`, 'start it, or name another one with --url')];
  }
  const health = healthSchema.safeParse(body);
  if (!health.success) {
    return [fail('gateway', `${url} does not answer like one`, 'name another one with --url')];
  }
  const { version, dependencies, push } = health.data;
  const date = Date.parse(response.headers.get('date') ?? '');
  return [
    ok('gateway', `${url}, version ${version}`),
    ...Object.entries(dependencies).map(([name, { status, latency_ms }]) =>
      status === 'ok'
        ? ok(`gateway → ${name}`, `${latency_ms} ms`)
        : fail(`gateway → ${name}`, 'does not answer', `look at the log of ${name}`),
    ),
    ...Object.entries(push).map(([platform, state]) => ok(`push by ${platform}`, state)),
    ...(Number.isNaN(date)
      ? []
      : [compareClocks('gateway clock', date, { before, after: Date.now() }, DATE_RESOLUTION_MS)]),
  ].map((finding) =>
    finding.found === 'unknown'
      ? warn(finding.what, 'unknown', 'no push-worker has said what it can send: is one running?')
      : finding,
  );
}
