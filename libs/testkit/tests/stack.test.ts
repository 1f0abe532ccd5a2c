import { Redis } from 'ioredis';
import { buildSync } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LaunchError,
  readAddresses,
  startRedis,
  startStack,
  waitFor,
  type Stack,
  type StackOptions,
} from '../src';
import { processIdentity } from '../src/stack/process-identity';

const entry = join(__dirname, 'fixtures', 'service.mjs');
const entries = { auth: entry, messages: entry, 'push-worker': entry, gateway: entry };

const runs = (pid: number): boolean => processIdentity(pid) !== undefined;

describe('the launcher', () => {
  let dir: string;
  let stacks: Stack[];
  const start = async (options: StackOptions = {}): Promise<Stack> => {
    const stack = await startStack({ entries, dataDir: join(dir, 'data'), ...options });
    stacks.push(stack);
    return stack;
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'am-launcher-'));
    stacks = [];
  });
  afterEach(async () => {
    await Promise.all(stacks.map((stack) => stack.stop()));
    rmSync(dir, { recursive: true });
  });

  it('tells where it can be reached, and nothing of the kind once it has stopped', async () => {
    const stack = await start({ gateways: 2 });
    const file = join(stack.dataDir, 'launcher.json');
    const [first] = stack.gateways;
    expect(readAddresses(file)).toEqual({
      gateways: stack.gateways.map(({ url }) => url),
      admin: first?.url,
      internal: first?.internalUrl,
      metrics: stack.metrics,
    });
    expect(Object.keys(stack.metrics).sort()).toEqual(
      ['auth', 'gateway-1', 'gateway-2', 'messages', 'push-worker'].sort(),
    );
    await stack.stop();
    expect(readAddresses(file)).toBeUndefined();
  });

  it.each([
    ['127.0.0.1', {}, 'true', 'public'],
    ['127.0.0.1', { REGISTRATION_OPEN: 'false' }, 'false', 'public'],
    ['0.0.0.0', {}, undefined, undefined],
    ['0.0.0.0', { REGISTRATION_OPEN: 'true', ADMIN_ROUTES: 'public' }, 'true', 'public'],
  ])('on %s with %j: registration %s, admin routes %s', async (host, environment, open, admin) => {
    const stack = await start({ host, environment });
    const [gateway] = stack.gateways;
    const { HOST, INTERNAL_HOST, REGISTRATION_OPEN, ADMIN_ROUTES } = await environmentOf(
      gateway?.url ?? '',
    );
    expect([HOST, INTERNAL_HOST]).toEqual([host, '127.0.0.1']);
    expect([REGISTRATION_OPEN, ADMIN_ROUTES]).toEqual([open, admin]);
    expect(stack.adminUrl).toBe(admin === 'public' ? gateway?.url : gateway?.internalUrl);
  });

  it('says where gateways are that serve under a path; what is internal is not under it', async () => {
    const stack = await start({ environment: { BASE_PATH: '/am' } });
    const [gateway] = stack.gateways;
    expect(gateway?.url).toMatch(/:\d+\/am$/);
    expect(gateway?.internalUrl).toMatch(/:\d+$/);
    const { gateways, admin, internal } = readAddresses(join(stack.dataDir, 'launcher.json')) ?? {};
    expect({ gateways, admin, internal }).toEqual({
      gateways: [gateway?.url],
      admin: gateway?.url,
      internal: gateway?.internalUrl,
    });
    expect(stack.adminUrl).toBe(gateway?.url);
  });

  it.each([
    ['127.0.0.1', {}, '1000'],
    ['127.0.0.1', { REGISTRATIONS_PER_HOUR_IP: '7' }, '7'],
    ['0.0.0.0', {}, undefined],
  ])('on %s with %j: %s registrations in an hour', async (host, environment, most) => {
    const stack = await start({ host, environment });
    const { REGISTRATIONS_PER_HOUR_IP } = await environmentOf(stack.gateways[0]?.url ?? '');
    expect(REGISTRATIONS_PER_HOUR_IP).toBe(most);
  });

  const environmentOf = async (url: string) =>
    (await (await fetch(url)).json()) as Record<string, string>;

  it('starts each service after what it needs and stops them the other way round', async () => {
    const ORDER_FILE = join(dir, 'order');
    const named = (NAME: string) => ({ NAME, ORDER_FILE });
    const stack = await start({
      gateways: 2,
      env: {
        gateway: named('gateway'),
        auth: named('auth'),
        messages: named('messages'),
        'push-worker': named('push-worker'),
      },
    });
    const pids = stack.pids();
    expect(Object.keys(pids).sort()).toEqual(
      ['auth', 'gateway-1', 'gateway-2', 'messages', 'push-worker', 'redis'].sort(),
    );
    expect(new Set(Object.values(pids)).size).toBe(6);
    expect(await environmentOf(stack.gateways[1]!.url)).toMatchObject({
      AUTH_URL: stack.auth.internalUrl,
      MESSAGES_URL: stack.messages.internalUrl,
      REDIS_URL: stack.redisUrl,
      HOST: '127.0.0.1',
    });

    await stack.stop();
    const order = readFileSync(ORDER_FILE, 'utf8').trim().split('\n');
    const messages = ['start messages', 'stop messages'];
    // The push worker and auth need only messages, and start beside each other.
    const pushWorker = ['start push-worker', 'stop push-worker'];
    expect(order.filter((line) => !pushWorker.includes(line))).toEqual([
      'start messages',
      'start auth',
      'start gateway',
      'start gateway',
      'stop gateway',
      'stop gateway',
      'stop auth',
      'stop messages',
    ]);
    expect(order.filter((line) => [...messages, ...pushWorker].includes(line))).toEqual([
      'start messages',
      ...pushWorker,
      'stop messages',
    ]);
    expect(Object.values(pids).filter(runs)).toEqual([]);
  });

  it('keeps secrets in files of their own, readable by the owner, and the same at the next start', async () => {
    const first = await start();
    const { adminKey, dataDir } = first;
    expect(adminKey).toHaveLength(64);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const name of ['jwt_secret', 'internal_jwt_secret', 'admin_api_key']) {
      expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
    }
    expect(JSON.stringify(await environmentOf(first.gateways[0]!.url))).not.toContain(adminKey);
    await first.stop();
    expect((await start()).adminKey).toBe(adminKey);
  });

  it('restarts a crashed service on its port, and says so', async () => {
    const stack = await start();
    const [gateway] = stack.gateways;
    const { url, pid, internalUrl } = gateway!;
    await gateway!.crash();
    expect(gateway!.pid).not.toBe(pid);
    expect(gateway).toMatchObject({ url, internalUrl });
    expect(await environmentOf(url)).toMatchObject({ HOST: '127.0.0.1' });
    await waitFor(() => stack.logs('launcher').includes('gateway-1 is back'));
    expect(stack.logs('launcher')).toContain(
      'gateway-1 ended unexpectedly (SIGKILL): restart in 0.5 s',
    );
    await stack.messages.crash();
    await stack.stop();
    expect(Object.values(stack.pids())).toEqual([]);
  });

  it('does not restart what was stopped or killed, but starts it again on request', async () => {
    const stack = await start();
    const { auth } = stack;
    const { internalUrl } = auth;
    await auth.kill();
    expect(auth.pid).toBeUndefined();
    await auth.start();
    expect(auth.internalUrl).toBe(internalUrl);
    await auth.stop();
    await stack.messages.crash();
    expect(auth.pid).toBeUndefined();
    expect(stack.logs('launcher')).not.toContain('auth ended');
  });

  it('stops a paused service', async () => {
    const stack = await start();
    const pids = Object.values(stack.pids());
    stack.messages.pause();
    stack.redis.pause();
    await stack.stop();
    expect(pids.filter(runs)).toEqual([]);
  });

  it('adds a gateway to a running stack', async () => {
    const stack = await start();
    const gateway = await stack.addGateway({ env: { EXTRA: 'yes' } });
    expect(gateway.name).toBe('gateway-2');
    expect(await environmentOf(gateway.url)).toMatchObject({ EXTRA: 'yes' });
    expect(stack.gateways).toHaveLength(2);
  });

  it('brings Redis back on its port, with its data, after a crash and on request', async () => {
    const stack = await start();
    const { port, pid } = stack.redis;
    process.kill(pid!, 'SIGKILL');
    await waitFor(() => stack.redis.pid !== undefined && stack.redis.pid !== pid);
    expect(stack.redis.port).toBe(port);
    expect(stack.logs('launcher')).toContain('redis ended unexpectedly (SIGKILL)');
    await stack.redis.restart();
    expect(stack.redis.port).toBe(port);
  });

  it('fails with the reason when a service does not start, and leaves nothing behind', async () => {
    const pids: number[] = [];
    const reports: string[] = [];
    const failing = startStack({
      entries,
      dataDir: dir,
      env: { messages: { WARN: '2' }, auth: { FAIL: '1', NAME: 'auth' } },
      report: (line) => {
        reports.push(line);
        pids.push(...recordedPids(dir));
      },
    });
    await expect(failing).rejects.toThrow(
      /^auth did not start \(exit code 1\)\n {2}\[auth\] fatal: bad configuration$/,
    );
    // Not told a second time, and what a service repeats while it starts is told once.
    expect(reports).toEqual(['[messages] warn: not configured']);
    expect(pids.length).toBeGreaterThanOrEqual(1);
    expect(pids.filter(runs)).toEqual([]);
  });

  it('ends a start that is under way when asked to', async () => {
    const stopping = new AbortController();
    const pids: number[] = [];
    const starting = startStack({
      dataDir: dir,
      entries: { ...entries, 'push-worker': join(__dirname, 'fixtures', 'never-ready.mjs') },
      signal: stopping.signal,
    });
    const ended = expect(starting).rejects.toThrow();
    // Gateways start beside it.
    await waitFor(() => recordedPids(dir).length >= 3);
    pids.push(...recordedPids(dir));
    stopping.abort();
    await ended;
    expect(pids.filter(runs)).toEqual([]);
  });

  it('names a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`Port ${port} is in use: `);
    server.close();
  });

  it('refuses a data folder that another launcher uses', async () => {
    const { dataDir } = await start();
    await expect(start()).rejects.toThrow(
      `${dataDir} is in use by another launcher (pid ${process.pid})`,
    );
  });

  it('is not put off by the lock of a launcher that is gone', async () => {
    const stack = await start();
    await stack.stop();
    const launcher = { name: 'launcher', pid: process.pid, identity: 'another' };
    const stale = JSON.stringify({ claim: 'old', launcher, children: [] });
    writeFileSync(join(stack.dataDir, 'launcher.json'), stale);
    await (await start()).stop();
  });

  it('gives its Redis a password that only its owner reads', async () => {
    const stack = await start({});
    for (const name of ['redis_password', join('redis', 'redis.conf')]) {
      expect(statSync(join(stack.dataDir, name)).mode & 0o777).toBe(0o600);
    }
    const stranger = new Redis(stack.redis.port, '127.0.0.1', { retryStrategy: () => null });
    stranger.on('error', () => undefined);
    await expect(stranger.get('am:presence:expiry')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
  });

  it('names a Redis that does not answer, without its password', async () => {
    // Nobody listens there.
    const redisUrl = 'redis://:secret@127.0.0.1:1';
    const error = await start({ redisUrl }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(LaunchError);
    expect(String(error)).toContain('REDIS_URL: Redis at 127.0.0.1:1: connect ECONNREFUSED');
    expect(String(error)).not.toContain('secret');
    await expect(start({ redisUrl: 'localhost' })).rejects.toThrow('REDIS_URL is not a redis://');
  });

  it('gives a Redis that accepts and says nothing 5 s', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await expect(start({ queueRedisUrl: `redis://127.0.0.1:${port}` })).rejects.toThrow(
      `QUEUE_REDIS_URL: Redis at 127.0.0.1:${port}: no answer within 5 s`,
    );
    silent.close();
  });

  it('refuses a data folder that cannot be one, in one line', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, join(file, 'below'), '/proc/nope']) {
      const error = await start({ dataDir }).catch((reason: Error) => reason);
      expect(error).toBeInstanceOf(LaunchError);
      expect(String(error)).toMatch(/^LaunchError: The data folder \S+ cannot be used: .+$/);
    }
  });

  it('uses a Redis it is given, under a prefix of its own that stays', async () => {
    const redis = await startRedis();
    try {
      const stack = await start({ redisUrl: redis.url });
      expect(stack.pids()).not.toHaveProperty('redis');
      expect(stack.redisPrefix).toMatch(/^am-[0-9a-f]{8}$/);
      await stack.stop();
      expect((await start({ redisUrl: redis.url })).redisPrefix).toBe(stack.redisPrefix);
    } finally {
      await redis.stop();
    }
  });

  it('takes everything with it when it is killed', async () => {
    const outfile = join(dir, 'launcher.js');
    buildSync({
      entryPoints: [join(__dirname, 'fixtures', 'launcher.ts')],
      bundle: true,
      platform: 'node',
      conditions: ['@agent-messenger/source'],
      // The folder is looked up from the bundle's place, which is outside of the workspace.
      define: { __dirname: JSON.stringify(__dirname) },
      outfile,
    });
    const dataDir = join(dir, 'data');
    const child = spawn(process.execPath, [outfile, entry, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pids = Object.values(JSON.parse(line.toString()) as Record<string, number>);
    expect(pids.filter(runs)).toHaveLength(5);

    child.kill('SIGKILL');
    await waitFor(() => pids.filter(runs).length === 0, { describe: 'the end of all children' });
    await start();
  });
});

function recordedPids(dir: string): number[] {
  const { children } = JSON.parse(readFileSync(join(dir, 'launcher.json'), 'utf8')) as {
    children: { pid: number }[];
  };
  return children.map(({ pid }) => pid);
}
