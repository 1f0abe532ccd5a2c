import {
  findRoot,
  freePort,
  runsHere,
  startFaultProxy,
  startRedisSentinels,
  waitFor,
  type RedisSentinels,
  type TestSocket,
} from '@agent-messenger/testkit';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gatewaysOf, seqsTo, startReliability, type Reliability } from './setup';

let group: RedisSentinels;
let system: Reliability;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60_000);

async function startGroup(): Promise<RedisSentinels> {
  group = await startRedisSentinels();
  closers.push(() => group.stop());
  return group;
}

async function startSystem(redisUrl: string): Promise<Reliability> {
  system = await startReliability({ redisUrl });
  closers.push(() => system.stop());
  return system;
}

interface Chat {
  from: TestSocket;
  to: TestSocket;
  conversation: string;
}

/** One message after the other, each when the one before is acked and has arrived, until it is ended. */
function sendOn({ from, to, conversation }: Chat) {
  let isOver = false;
  let arrived = 0;
  const done = (async () => {
    while (!isOver) {
      const id = `m${arrived + 1}`;
      const { message } = await from.send(conversation, id, id);
      await to.when('event', ({ seq }) => seq === message.seq);
      arrived += 1;
    }
    return arrived;
  })();
  // Told at the end.
  done.catch(() => undefined);
  return {
    arrived: () => arrived,
    end(): Promise<number> {
      isOver = true;
      return done;
    },
  };
}

interface HealthBody {
  status: string;
  dependencies: Record<string, { status: string; reason?: string }>;
}

async function healthOf(url: string): Promise<HealthBody> {
  return (await (await fetch(new URL('/health', url))).json()) as HealthBody;
}

/**
 * Holds a chat over two gateways while `failOver` makes another server the primary: everything that was acked arrives,
 * live, nobody loses the connection, and who comes afterwards gets in.
 */
async function chatsThrough(failOver: () => Promise<void>): Promise<void> {
  const [first, second] = gatewaysOf(system);
  const pair = await system.pair();
  const person = await system.socket(first, pair.person).synced();
  const agent = await system.socket(second, pair.agent).synced();
  const chat = sendOn({ from: person, to: agent, conversation: pair.conversation });
  await waitFor(() => chat.arrived() > 20 || undefined);

  await failOver();
  const from = performance.now();
  const atElection = chat.arrived();
  const resumed = waitFor(() => chat.arrived() > atElection || undefined).then(
    () => performance.now() - from,
  );

  for (const { url } of [first, second]) {
    await waitFor(async () => (await healthOf(url)).status === 'ok' || undefined, {
      timeoutMs: 30_000,
      describe: 'a healthy gateway',
    });
  }
  process.stderr.write(`live again ${(await resumed).toFixed(0)} ms after the election\n`);
  const before = chat.arrived();
  await waitFor(() => chat.arrived() > before + 20 || undefined);
  const last = (await chat.end()) + 1;
  expect(agent.events.map(({ seq }) => seq)).toEqual(seqsTo(last));
  // Nobody had to come back.
  expect([person, agent].map(({ socket }) => socket.connected)).toEqual([true, true]);

  const late = await system.pair();
  const [newcomer, itsAgent] = await Promise.all([
    system.socket(second, late.person).synced(),
    system.socket(first, late.agent).synced(),
  ]);
  await newcomer.send(late.conversation, 'late', 'late');
  await itsAgent.when('event', ({ seq }) => seq === 2);
}

test('Sentinel by URL: the primary dies under load', async () => {
  const { url, servers, elected } = await startGroup();
  await startSystem(url);
  await chatsThrough(async () => {
    await servers[0].kill();
    await elected(servers[1]);
  });
}, 120_000);

test('Sentinel by URL: the primary is demoted and stays reachable', async () => {
  const { url, servers, elected, failover } = await startGroup();
  await startSystem(url);
  await chatsThrough(async () => {
    await failover();
    await elected(servers[1]);
  });
}, 120_000);

test('one address that leads to another primary, while the old one stays reachable as its replica', async () => {
  const { servers, elected, failover } = await startGroup();
  const [old, next] = servers;
  const front = await startFaultProxy({ target: old.port });
  closers.push(() => front.close());
  await startSystem(`redis://127.0.0.1:${front.port}`);
  const [gateway] = gatewaysOf(system);
  await chatsThrough(async () => {
    await failover();
    await elected(next);
    const reason = await waitFor(
      async () => (await healthOf(gateway.url)).dependencies['redis']?.reason,
      { timeoutMs: 30_000, describe: 'a gateway that tells of it' },
    );
    expect(['read_only', 'unreachable']).toContain(reason);
    front.retarget(next.port);
  });
}, 120_000);

const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0;

/** The file that docs/redis.md names, with the addresses of this test. */
function haproxyConfig(port: number, servers: RedisSentinels['servers']): string {
  const text = readFileSync(join(findRoot(), 'deploy', 'haproxy', 'redis.cfg'), 'utf8');
  return text
    .replace('bind 127.0.0.1:6379', `bind 127.0.0.1:${port}`)
    .replace('redis-1.internal:6379', `127.0.0.1:${servers[0].port}`)
    .replace('redis-2.internal:6379', `127.0.0.1:${servers[1].port}`);
}

(runsHere(hasHaproxy) ? test : test.skip)(
  'HAProxy with role:master: the primary dies under load',
  async () => {
    const { servers, elected } = await startGroup();
    const dir = mkdtempSync(join(tmpdir(), 'am-haproxy-'));
    closers.push(() => rmSync(dir, { recursive: true, force: true }));
    const port = await freePort();
    const file = join(dir, 'haproxy.cfg');
    writeFileSync(file, haproxyConfig(port, servers));
    const haproxy: ChildProcess = spawn('haproxy', ['-db', '-f', file]);
    let printed = '';
    haproxy.stderr?.on('data', (data: Buffer) => (printed += data.toString()));
    haproxy.stdout?.resume();
    closers.push(async () => {
      const ended = once(haproxy, 'exit');
      haproxy.kill('SIGKILL');
      await ended;
    });
    // Until it has looked it takes both for the primary.
    await waitFor(() => printed.includes('primary/redis-2 is DOWN') || undefined, {
      timeoutMs: 20_000,
      describe: 'HAProxy that has found the primary',
    });

    await startSystem(`redis://127.0.0.1:${port}`);
    await chatsThrough(async () => {
      await servers[0].kill();
      await elected(servers[1]);
    });
  },
  120_000,
);
