import type { Health } from '@agent-messenger/contracts';
import { rest } from '@agent-messenger/testkit';
import { serviceOf, type ComposeProject, type Container } from './compose-project';
import { CommandError } from './run-command';

/** More than anybody may register from one address, in an hour. */
const REGISTRATIONS = 60;

/** Compose refuses to do anything without secrets, and says how to make them. */
export async function refusesWithoutSecrets(project: ComposeProject): Promise<void> {
  const answer = await project.compose('config').catch((error: unknown) => error);
  if (!(answer instanceof CommandError)) throw new Error('it would start without secrets');
  if (!answer.output.includes('npm run secrets')) throw answer;
}

/** What a queue and leases need of Redis, and that strangers get nothing from it. */
export async function redisProblems(project: ComposeProject): Promise<string[]> {
  const [redis] = await project.containers('redis');
  const [lb] = await project.containers('lb');
  if (!redis || !lb) return ['there is no redis, or no lb'];
  const ask = async (...args: string[]) =>
    (await project.docker('exec', redis.Id, 'redis-cli', ...args)).stdout;
  const [policy, appendOnly, stranger] = await Promise.all([
    ask('config', 'get', 'maxmemory-policy'),
    ask('config', 'get', 'appendonly'),
    project.docker('exec', '--env', 'REDISCLI_AUTH=', redis.Id, 'redis-cli', 'ping'),
  ]);
  const reached = await project
    .docker('exec', lb.Id, 'bash', '-c', 'exec 3<>/dev/tcp/redis/6379')
    .then(
      () => true,
      () => false,
    );
  const rules: [string, boolean][] = [
    ['redis evicts', policy.includes('noeviction')],
    ['redis has no AOF', appendOnly.includes('yes')],
    ['redis answers without a password', stranger.all.includes('NOAUTH')],
    ['lb reaches redis', !reached],
  ];
  return rules.filter(([, holds]) => !holds).map(([problem]) => problem);
}

/** The store is its owner's alone. */
export async function storeProblems(project: ComposeProject): Promise<string[]> {
  const [messages] = await project.containers('messages');
  if (!messages) return ['there is no messages'];
  const list = ['sh', '-c', 'stat -c "%a %n" /data /data/messages.db*'];
  const { stdout } = await project.docker('exec', messages.Id, ...list);
  const lines = stdout.trim().split('\n');
  return [
    ...lines.filter((line) => !/^[67]00 /.test(line)),
    ...(lines.length > 1 ? [] : ['there is no store']),
  ];
}

/** An address that a client makes up counts for nothing: the limit per address is its real one's. */
export async function isLimitedByRealAddress(url: string): Promise<boolean> {
  for (let n = 1; n <= REGISTRATIONS; n += 1) {
    const { status } = await rest(url, 'POST', '/auth/user', {
      headers: { 'x-forwarded-for': `203.0.113.${n}` },
      body: { username: `stranger-${n}`, password: 'a-long-enough-passphrase' },
    });
    if (status === 429) return true;
  }
  return false;
}

/** What `/health` says that is running: the tag of the images. */
export async function versionOf(url: string): Promise<string> {
  const { body } = await rest(url, 'GET', '/health');
  return (body as Health).version;
}

/** With no gateway behind it the load balancer answers as the API does; a query that carries a secret stays out of its log. */
export async function answersWithoutGateways(url: string, secret: string): Promise<boolean> {
  const { status, body } = await rest(url, 'GET', `/client/connect?token=${secret}`);
  return status === 503 && (body as { code?: string }).code === 'unavailable';
}

/** A command that was told to end, and has nothing to finish. */
const TERMINATED = 128 + 15;

/** Of containers that were stopped: services end orderly, with 0. */
export function stopProblems(containers: readonly Container[]): string[] {
  return containers.flatMap((container) => {
    const service = serviceOf(container);
    const { Running, ExitCode, OOMKilled } = container.State;
    const isOrderly = ExitCode === 0 || (service === 'backup' && ExitCode === TERMINATED);
    return isOrderly && !Running && !OOMKilled ? [] : [`${service} ended with ${ExitCode}`];
  });
}

/** Seconds from a container's start until its service said that it is ready, by service. */
export async function startTimes(project: ComposeProject): Promise<string> {
  const containers = await project.containers();
  const times = await Promise.all(
    containers.map(async (container) => {
      const { all } = await project.docker('logs', '--timestamps', container.Id);
      const at = /^(\S+) .*"msg":"ready"/m.exec(all)?.[1];
      if (at === undefined) return undefined;
      const seconds = (Date.parse(at) - Date.parse(container.State.StartedAt)) / 1_000;
      return `${serviceOf(container)} ${seconds.toFixed(1)} s`;
    }),
  );
  return [...new Set(times)]
    .filter((time) => time !== undefined)
    .toSorted()
    .join(', ');
}
