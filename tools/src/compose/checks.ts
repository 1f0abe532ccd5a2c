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

/** What a queue and leases need of the two Redis, and that strangers get nothing from them. */
export async function redisProblems(project: ComposeProject): Promise<string[]> {
  const [live, queue] = await Promise.all([
    problemsOf(project, 'redis-live', 'no'),
    problemsOf(project, 'redis-queue', 'yes'),
  ]);
  return [...live, ...queue];
}

async function problemsOf(
  project: ComposeProject,
  name: string,
  appendOnly: 'yes' | 'no',
): Promise<string[]> {
  const [redis] = await project.containers(name);
  const [lb] = await project.containers('lb');
  if (!redis || !lb) return [`there is no ${name}, or no lb`];
  const ask = async (...args: string[]) =>
    (await project.docker('exec', redis.Id, 'redis-cli', ...args)).stdout;
  const [policy, append, stranger] = await Promise.all([
    ask('config', 'get', 'maxmemory-policy'),
    ask('config', 'get', 'appendonly'),
    project.docker('exec', '--env', 'REDISCLI_AUTH=', redis.Id, 'redis-cli', 'ping'),
  ]);
  const reached = await isReached(project, lb, `${name}/6379`);
  const rules: [string, boolean][] = [
    [`${name} evicts`, policy.includes('noeviction')],
    [`appendonly of ${name} is not ${appendOnly}`, append.includes(appendOnly)],
    [`${name} answers without a password`, stranger.all.includes('NOAUTH')],
    [`lb reaches ${name}`, !reached],
  ];
  return rules.filter(([, holds]) => !holds).map(([problem]) => problem);
}

function isReached(project: ComposeProject, from: Container, place: string): Promise<boolean> {
  return project.docker('exec', from.Id, 'bash', '-c', `exec 3<>/dev/tcp/${place}`).then(
    () => true,
    () => false,
  );
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

/** PostgreSQL lets in who has the password, and is where only services are. */
export async function postgresProblems(project: ComposeProject): Promise<string[]> {
  const [postgres] = await project.containers('postgres');
  const [lb] = await project.containers('lb');
  if (!postgres || !lb) return ['there is no postgres, or no lb'];
  const args = ['psql', '-w', '-h', 'postgres', '-U', 'messenger', '-c', 'SELECT 1', 'messenger'];
  const stranger = await project.docker('exec', postgres.Id, ...args).then(
    () => true,
    () => false,
  );
  const mode = await project.docker('exec', postgres.Id, 'sh', '-c', 'stat -c %a "$PGDATA"');
  const rules: [string, boolean][] = [
    ['postgres answers without a password', !stranger],
    ['lb reaches postgres', !(await isReached(project, lb, 'postgres/5432'))],
    ['others may read the data of postgres', /^7[05]0$/.test(mode.stdout.trim())],
  ];
  return rules.filter(([, holds]) => !holds).map(([problem]) => problem);
}

const DUMPS = '/var/lib/postgresql/data/messenger-*.dump';

/** Has a dump made, the only one then, and resolves with how many events are in it: read from another database. */
export async function dumpedEvents(project: ComposeProject): Promise<number> {
  const [backup] = await project.containers('backup-postgres');
  if (!backup) throw new Error('there is no backup-postgres');
  await project.docker('exec', backup.Id, 'bash', '-c', `rm -f ${DUMPS}`);
  await project.compose('restart', 'backup-postgres');
  // Healthy is: there is one.
  await project.healthy('backup-postgres');
  const script = `
    set -e
    dropdb --if-exists restored
    createdb restored
    pg_restore --dbname restored --exit-on-error ${DUMPS} >&2
    psql --no-align --tuples-only --command 'SELECT count(*) FROM log' restored`;
  const { stdout } = await project.docker('exec', backup.Id, 'bash', '-c', script);
  return Number(stdout);
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

/**
 * With no gateway behind it the load balancer answers as the API does; a query that carries a secret stays out of its
 * log.
 */
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
    const isOrderly = ExitCode === 0 || (service.startsWith('backup') && ExitCode === TERMINATED);
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
