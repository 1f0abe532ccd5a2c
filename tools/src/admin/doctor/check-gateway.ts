import { healthSchema, type Health } from '@agent-messenger/contracts';
import { gatewayUrl } from '@agent-messenger/sdk/rest';
import type { AdminContext } from '../admin-context';
import type { Finding } from './check';
import { fail, ok, warn } from './check';
import { checkAccess } from './check-access';
import { compareClocks } from '@agent-messenger/service-kit';
import { adviceOnRedis } from '@agent-messenger/service-kit';

const DEADLINE_MS = 5_000;
/** HTTP's Date has seconds. */
const DATE_RESOLUTION_MS = 1_000;

/** Asks a gateway how it and what it depends on are. */
export async function checkGateway(
  url: string,
  context: Pick<AdminContext, 'request' | 'pages'>,
): Promise<Finding[]> {
  const before = Date.now();
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${gatewayUrl(url)}/health`, {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    body = await response.json();
  } catch (error) {
    const reason = error instanceof Error ? String(error.cause ?? error.message) : String(error);
    return [fail('gateway', `${url}: ${reason}`, 'start it, or name another one with --url')];
  }
  const health = healthSchema.safeParse(body);
  if (!health.success) {
    return [fail('gateway', `${url} does not answer like one`, 'name another one with --url')];
  }
  const { version, dependencies, push, storage, clock, registration } = health.data;
  const date = Date.parse(response.headers.get('date') ?? '');
  return [
    ok('gateway', `${url}, version ${version}`),
    ...Object.entries(dependencies).map(([name, { status, latency_ms, reason = 'no_answer' }]) =>
      status === 'ok'
        ? ok(`gateway → ${name}`, `${latency_ms} ms`)
        : fail(`gateway → ${name}`, reason, adviceOnDependency(name, reason)),
    ),
    ...roomOf(storage),
    ...clockOf(clock),
    ...(await checkAccess(context, registration)),
    ...Object.entries(push).map(([platform, state]) => pushFinding(platform, state)),
    ...(Number.isNaN(date)
      ? []
      : [compareClocks('gateway clock', date, { before, after: Date.now() }, DATE_RESOLUTION_MS)]),
  ].map((finding) =>
    finding.found === 'unknown'
      ? warn(finding.what, 'unknown', 'no push-worker has said what it can send: is one running?')
      : finding,
  );
}

function roomOf(storage: Health['storage']): Finding[] {
  if (!storage || storage.status === 'unknown') return [];
  const atQuota = storage.at_quota ?? 0;
  return [
    storage.status === 'ok'
      ? ok('room for content', 'above the reserve')
      : fail(
          'room for content',
          'the disk is at its reserve: new content is refused',
          'make room on the disk of the store, or lower STORAGE_RESERVE_MIB',
        ),
    atQuota === 0
      ? ok('storage quotas', 'nobody was refused in the last hour')
      : warn(
          'storage quotas',
          `${atQuota} people, agents or addresses were refused in the last hour`,
          'look at messages_quota_refusals_total, and raise STORAGE_… when it is lawful use',
        ),
  ];
}

function clockOf(clock: Health['clock']): Finding[] {
  const behind = clock?.behind_s ?? 0;
  if (behind <= 1) return [];
  return [
    warn(
      'clock of the store',
      `${Math.round(behind)} s behind its newest message: it was set back`,
      'times of messages are wrong around that moment, their order is not; let NTP (chrony) slew the clock',
    ),
  ];
}

function adviceOnDependency(name: string, reason: string): string {
  const advice = name === 'redis' ? adviceOnRedis(reason) : undefined;
  return advice ?? `look at the log of ${name}`;
}

function pushFinding(platform: string, state: string): Finding {
  const what = `push by ${platform}`;
  if (state === 'log') return warn(what, state, 'nobody is sent anything: see docs/push.md');
  return ok(what, state);
}
