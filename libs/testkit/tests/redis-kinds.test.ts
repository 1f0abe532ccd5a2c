import {
  createLogger,
  RedisEndpoint,
  Scope,
  type RedisProblem,
} from '@agent-messenger/service-kit';
import { Redis } from 'ioredis';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFaultProxy } from '../src/fault-proxy';
import { startRedis, type RedisProcess } from '../src/redis-process';
import { startRedisSentinels } from '../src/redis-sentinels';
import { waitFor } from '../src/wait-for';

const lines: { msg: string; problem?: string; advice?: string }[] = [];
const log = createLogger({
  name: 'test',
  level: 'info',
  destination: { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) },
});
let scope: Scope;
let servers: RedisProcess[];

beforeEach(() => {
  scope = new Scope(log);
  servers = [];
  lines.length = 0;
});
afterEach(async () => {
  await scope.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function server(...settings: string[]): Promise<RedisProcess> {
  const started = await startRedis({ settings });
  servers.push(started);
  return started;
}

function endpointAt(url: string): RedisEndpoint {
  return new RedisEndpoint({ url }, { role: 'live', prefix: 'am', channels: true, log, scope });
}

function admin(url: string): Redis {
  const redis = new Redis(url);
  scope.defer('admin', () => redis.disconnect());
  return redis;
}

async function problemOf(endpoint: RedisEndpoint): Promise<RedisProblem | undefined> {
  return endpoint.check().then(
    () => undefined,
    (problem: RedisProblem) => problem,
  );
}

async function problemAt(url: string): Promise<RedisProblem | undefined> {
  const endpoint = endpointAt(url);
  await endpoint.connect('test');
  return problemOf(endpoint);
}

test('a Redis that does what services do is well', async () => {
  const { url } = await server();
  expect(await problemAt(url)).toBeUndefined();
});

test('a replica, told by name once, until it is a primary', async () => {
  const primary = await server();
  const replica = await server('--replicaof', `127.0.0.1 ${primary.port}`);
  const endpoint = endpointAt(replica.url);
  await endpoint.connect('test');
  expect(await problemOf(endpoint)).toMatchObject({
    reason: 'read_only',
    advice: expect.stringContaining('name the primary') as unknown,
  });
  await waitFor(async () => (await problemOf(endpoint)) !== undefined || undefined);
  await admin(replica.url).replicaof('NO', 'ONE');
  await waitFor(async () => (await problemOf(endpoint)) === undefined || undefined);
  const told = lines.filter(({ msg }) => msg.startsWith('redis is of'));
  expect(told).toMatchObject([
    { msg: 'redis is of no use', problem: 'read_only' },
    { msg: 'redis is of use again' },
  ]);
});

test('one that is full', async () => {
  const { url } = await server();
  const endpoint = endpointAt(url);
  await endpoint.connect('test');
  await admin(url).config('SET', 'maxmemory', '1');
  expect(await problemOf(endpoint)).toMatchObject({ reason: 'out_of_memory' });
});

test('one whose snapshot failed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'am-misconf-'));
  scope.defer('folder', () => rmSync(dir, { recursive: true, force: true }));
  const settings = ['--appendonly', 'no', '--save', '1 1', '--dbfilename', 'dump'];
  const started = await startRedis({ dir, settings });
  servers.push(started);
  // A folder in the place of its file.
  mkdirSync(join(dir, 'dump'));
  const endpoint = endpointAt(started.url);
  await endpoint.connect('test');
  const redis = admin(started.url);
  await redis.set('other', '1');
  await redis.bgsave().catch(() => undefined);
  await waitFor(async () => (await problemOf(endpoint))?.reason === 'snapshot_failed');
});

test.each([
  ['another prefix of keys', '~other:* &am:*', '+@all'],
  ['no channels', '~am:* resetchannels', '+@all'],
  ['no scripts', '~am:* &am:*', '+@all -eval -evalsha'],
])('a user with %s', async (_what, scopes, commands) => {
  const { url, port } = await server();
  await admin(url).call(
    'ACL',
    'SETUSER',
    'us',
    'on',
    '>pw',
    ...scopes.split(' '),
    ...commands.split(' '),
  );
  expect(await problemAt(`redis://us:pw@127.0.0.1:${port}`)).toMatchObject({
    reason: 'not_permitted',
  });
});

test('a node of a cluster', async () => {
  const { url } = await server('--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf');
  expect(await problemAt(url)).toMatchObject({ reason: 'cluster' });
  await admin(url).call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const endpoint = endpointAt(url);
  await endpoint.connect('test');
  await waitFor(async () => {
    const problem = await problemOf(endpoint);
    return problem?.message.startsWith('CROSSSLOT') || undefined;
  });
});

test('wrong credentials, and nobody there', async () => {
  const { port } = await server();
  const endpoint = endpointAt(`redis://us:pw@127.0.0.1:${port}`);
  endpoint.open('test');
  await waitFor(async () => (await problemOf(endpoint))?.reason === 'credentials' || undefined);
  const nobody = endpointAt('redis://127.0.0.1:1');
  nobody.open('test');
  expect(await problemOf(nobody)).toMatchObject({ reason: 'unreachable' });
});

test('a Sentinel is told as one, and behind it is the primary', async () => {
  const group = await startRedisSentinels();
  scope.defer('sentinels', () => group.stop());
  expect(await problemAt(`redis://127.0.0.1:${group.sentinelPorts[0]}`)).toMatchObject({
    reason: 'sentinel',
    advice: expect.stringContaining('redis+sentinel://') as unknown,
  });
  expect(await problemAt(group.url)).toBeUndefined();
}, 60_000);

test('all connections leave a server that became a replica, also those that only listen', async () => {
  const [old, next] = [await server(), await server()];
  const proxy = await startFaultProxy({ target: old.port });
  scope.defer('proxy', () => proxy.close());
  const endpoint = endpointAt(`redis://127.0.0.1:${proxy.port}`);
  await endpoint.connect('test');
  const listener = await endpoint.connect('listener');
  const heard: string[] = [];
  listener.on('message', (_channel: string, text: string) => void heard.push(text));
  await listener.subscribe('am:gw:x');

  proxy.retarget(next.port);
  await admin(old.url).replicaof('127.0.0.1', next.port);
  await waitFor(async () => (await problemOf(endpoint)) === undefined || undefined, {
    timeoutMs: 30_000,
  });
  const there = admin(next.url);
  await waitFor(async () => (await there.publish('am:gw:x', 'hello')) > 0 || undefined, {
    timeoutMs: 30_000,
  });
  await waitFor(() => heard.includes('hello') || undefined);
  // It hears of their end a moment after they have gone.
  const left = admin(old.url);
  await waitFor(async () => !/ name=(test|listener) /.test(String(await left.client('LIST'))));
});

test('one that was on its way to the old server meanwhile leaves it too, and before that nothing is well', async () => {
  const [old, next] = [await server(), await server()];
  const [front, slow] = [
    await startFaultProxy({ target: old.port }),
    await startFaultProxy({ target: old.port }),
  ];
  scope.defer('proxies', () => Promise.all([front.close(), slow.close()]));
  const endpoint = endpointAt(`redis://127.0.0.1:${front.port}`);
  await endpoint.connect('test');
  const late = await endpoint.connect('late', { port: slow.port });

  // Connected, and without an answer to its first words.
  slow.halfOpen();
  late.stream.destroy();
  await waitFor(() => late.status === 'connect' || undefined);
  await admin(old.url).replicaof('127.0.0.1', next.port);
  expect(await problemOf(endpoint)).toMatchObject({ reason: 'read_only' });
  front.retarget(next.port);
  slow.retarget(next.port);
  const there = admin(next.url);
  const atNext = async () => String(await there.client('LIST'));
  await waitFor(async () => (await atNext()).includes(' name=test ') || undefined);
  expect(await problemOf(endpoint)).toMatchObject({ reason: 'unreachable' });

  slow.heal();
  await waitFor(async () => (await problemOf(endpoint)) === undefined || undefined);
  expect(await atNext()).toContain(' name=late ');
  expect(lines.filter(({ msg }) => msg.startsWith('redis is of'))).toMatchObject([
    { problem: 'read_only' },
    { msg: 'redis is of use again' },
  ]);
});

test('nothing is well before all have followed the first one, however it came to be elsewhere', async () => {
  const [old, next] = [await server(), await server()];
  const proxy = await startFaultProxy({ target: old.port });
  scope.defer('proxy', () => proxy.close());
  const endpoint = endpointAt(`redis://127.0.0.1:${proxy.port}`);
  const first = await endpoint.connect('test');
  const other = await endpoint.connect('other');

  proxy.retarget(next.port);
  first.stream.destroy();
  await waitFor(() => first.status !== 'ready' || undefined);
  await waitFor(async () => (await problemOf(endpoint)) === undefined || undefined);
  await admin(next.url).set('where', 'next');
  expect(await other.get('where')).toBe('next');
});

test('a process that was held up does not take its own delay for a server that does not answer', async () => {
  const { url, port } = await server();
  const endpoint = endpointAt(url);
  const commandTimeout = 100;
  const first = await endpoint.connect('test', { commandTimeout });
  const { stream } = first;
  const problem = problemOf(endpoint);
  // Until Redis has answered others, who came later.
  const until = performance.now() + 2 * commandTimeout;
  for (let n = 0; n < 2 || performance.now() < until; n += 1) {
    execFileSync('redis-cli', ['-p', String(port), 'ping']);
  }
  expect(await problem).toMatchObject({ reason: 'no_answer' });
  expect(first.stream).toBe(stream);
  expect(await problemOf(endpoint)).toBeUndefined();
});

test('a connection that Redis does not take is told, although the others are well', async () => {
  const { url } = await server();
  const endpoint = endpointAt(url);
  await endpoint.connect('test');
  const other = await endpoint.connect('other');
  const redis = admin(url);
  // The one that asks, and the first one. Often its refusal is lost, as Redis closes at once.
  await redis.config('SET', 'maxclients', '2');
  other.stream.destroy();
  const problem = await waitFor(() => problemOf(endpoint));
  expect(['too_many_clients', 'unreachable']).toContain(problem.reason);
  await redis.config('SET', 'maxclients', '100');
  await waitFor(async () => (await problemOf(endpoint)) === undefined || undefined);
});
