import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import { metricOf } from '@agent-messenger/testkit';
import Database from 'better-sqlite3';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { heldBytes, INSPECTED } from '../reliability/memory';
import { startReliability, type Reliability } from '../reliability/setup';
import type { Knock } from './fuzz/judge';
import { knockBytes } from './fuzz/knock-bytes';
import { knockRest, type RestDoor } from './fuzz/knock-rest';
import { knockHandshake, SocketDoor } from './fuzz/knock-socket';
import { MARKER } from './fuzz/mutations';
import { probesOf, type Probe } from './fuzz/probe';
import { everythingIn } from './redis-contents';
import { createScenes, type Scene } from './scene';

/** The same probes on each run; another number makes others. */
const SEED = 20_261_122;
const COUNTS = { rest: 2_600, request: 2_100, frame: 700, handshake: 550, bytes: 400 };
/** Of those; the others are as they should be, so that what follows from success is met as well. */
const MALFORMED = 5_000;
/** Before memory is measured for the first time: what is loaded and cached by then stays. */
const WARM_UP = { rest: 300, request: 200, frame: 50, handshake: 50, bytes: 50 };
/**
 * Probes at a time. Of strangers more: many of them leave their handshake unfinished, and each is waited for until the
 * gateway gives it up.
 */
const LANES = { rest: 6, request: 4, frame: 4, handshake: 40, bytes: 40 };
/** Of a lane: a probe may delete, disable or log out whom the next one is about. */
const PROBES_PER_SCENE = 20;
const DOORS = Object.keys(COUNTS) as Probe['door'][];
/** What has not come by then is cut. */
const HEADERS_MS = 2_000;
const MIB = 1024 * 1024;
/** It is 5 MiB at most where all is well, and 20 where every connection and payload is kept. */
const GROWTH_BYTES = 10 * MIB;

let system: Reliability;
let scene: () => Promise<Scene>;
let rest: RestDoor;
let pids: Record<string, number>;

beforeAll(async () => {
  const env = { ...INSPECTED, LOG_LEVEL: 'trace' };
  system = await startReliability({
    gateways: 1,
    env: {
      gateway: {
        ...env,
        HTTP_HEADERS_TIMEOUT_MS: `${HEADERS_MS}`,
        HTTP_REQUEST_TIMEOUT_MS: '4000',
      },
      auth: env,
      messages: env,
      'push-worker': env,
    },
  });
  scene = await createScenes(system);
  pids = system.stack.pids();
  rest = {
    url: system.stack.gateways[0]?.url ?? '',
    adminKey: system.stack.adminKey,
    agent: new Agent({ keepAlive: true }),
    headersMs: HEADERS_MS,
  };
}, 60_000);
afterAll(async () => {
  rest.agent.destroy();
  await system.stop();
}, 60_000);

interface Outcomes {
  malformed: number;
  /** Probes by door and outcome. */
  by: Record<string, number>;
}

/** Of a door, and of its probes each `lanes`-th, so that the same probe meets the same scene in each run. */
async function lane(
  probes: readonly Probe[],
  { first, lanes }: { first: number; lanes: number },
  outcomes: Outcomes,
): Promise<void> {
  let here: Scene | undefined;
  let sockets: SocketDoor | undefined;
  for (let n = 0, index = first; index < probes.length; n += 1, index += lanes) {
    if (!here || !sockets || n % PROBES_PER_SCENE === 0) {
      sockets?.close();
      here = await scene();
      const isAgent = (n / PROBES_PER_SCENE) % 2 === 1;
      sockets = new SocketDoor(rest.url, here, isAgent ? here.agent : here.person);
    }
    const probe = probes[index] as Probe;
    try {
      const { outcome, isMalformed } = await knock(probe, here, sockets);
      const key = `${probe.door}: ${outcome}`;
      outcomes.by[key] = (outcomes.by[key] ?? 0) + 1;
      if (isMalformed) outcomes.malformed += 1;
    } catch (cause) {
      const told = JSON.stringify(probe).slice(0, 2_000);
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`seed ${SEED}, probe ${index}: ${problem}\n${told}`, { cause });
    }
  }
  sockets?.close();
}

function knock(probe: Probe, here: Scene, sockets: SocketDoor): Promise<Knock> {
  switch (probe.door) {
    case 'rest':
      return knockRest(rest, probe, here);
    case 'request':
      return sockets.knockRequest(probe);
    case 'frame':
      return sockets.knockFrame(probe);
    case 'handshake':
      return knockHandshake(rest.url, probe, here);
    case 'bytes':
      return knockBytes(rest.url, probe, here);
  }
}

async function run(seed: number, counts: typeof COUNTS): Promise<Outcomes> {
  const outcomes: Outcomes = { malformed: 0, by: {} };
  await Promise.all(
    DOORS.flatMap((door) => {
      const probes = probesOf(seed, door, counts[door]);
      const lanes = LANES[door];
      return Array.from({ length: lanes }, (_, first) => lane(probes, { first, lanes }, outcomes));
    }),
  );
  return outcomes;
}

const services = () => {
  const { auth, messages, pushWorker } = system.stack;
  return [...system.stack.gateways, auth, messages, pushWorker];
};
const held = () => Promise.all(services().map((service) => heldBytes(system, service)));

test('5,000 malformed requests and frames: each is answered or cut, none is an error, no memory is held', async () => {
  await run(SEED + 1, WARM_UP);
  const before = await held();
  const from = performance.now();
  const outcomes = await run(SEED, COUNTS);
  const seconds = (performance.now() - from) / 1_000;
  const growth = (await held()).map((bytes, index) => bytes - (before[index] ?? 0));
  const figures = growth.map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`);
  process.stderr.write(
    `seed ${SEED}: ${seconds.toFixed(0)} s, ${JSON.stringify(outcomes)}; ` +
      `held more than before by ${services()
        .map(({ name }, n) => `${name} ${figures[n]}`)
        .join(', ')}\n`,
  );
  expect(outcomes.malformed).toBeGreaterThanOrEqual(MALFORMED);
  for (const bytes of growth) expect(bytes).toBeLessThan(GROWTH_BYTES);
  // It is no fuzzing when nothing gets through, or everything.
  for (const seen of ['rest: 200', 'rest: 400', 'rest: 404', 'request: ok', 'handshake: let in']) {
    expect(outcomes.by[seen] ?? 0).toBeGreaterThan(20);
  }
}, 600_000);

test('no process has ended, and none has logged an error', async () => {
  expect(system.stack.pids()).toEqual(pids);
  for (const service of services()) {
    expect(await metricOf(service, 'log_errors_total')).toBe(0);
    expect(system.stack.logs(service.name)).not.toMatch(/"level":[56]0/);
  }
});

test('the store is whole, its logs have no gaps', () => {
  const db = new Database(join(system.stack.dataDir, 'messages.db'), { readonly: true });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    const broken = db.prepare(
      `SELECT conversation FROM log GROUP BY conversation
       HAVING max(seq) - min(seq) + 1 <> count(*)`,
    );
    expect(broken.all()).toEqual([]);
  } finally {
    db.close();
  }
});

/** A push job names its device, by the id that the device has chosen for itself. */
const DEVICE_IDS = /\\*"(deid|device_id|id)\\*":\\*"(\\.|[^"\\])*"/g;
const leaksIn = (text: string) => text.split('\n').filter((line) => line.includes(MARKER));

test('nothing of what was sent is in a log, a metric or Redis', async () => {
  const { person, conversation } = await system.pair();
  await system.write(person, conversation, 1, `${MARKER} that is taken for sure`);
  const log = createLogger({ name: 'test', level: 'silent' });
  const scope = new Scope(log);
  const redis = await connectRedis(system.stack.redisUrl, { name: 'test', log, scope });
  const contents = await everythingIn(redis);
  await scope.close();
  expect(leaksIn(contents.replaceAll(DEVICE_IDS, ''))).toEqual([]);
  for (const { name, internalUrl } of services()) {
    expect(leaksIn(system.stack.logs(name))).toEqual([]);
    expect(leaksIn(await (await fetch(`${internalUrl}/metrics`)).text())).toEqual([]);
  }
});

test('others are served as before', async () => {
  const { person, agent, conversation } = await system.pair();
  const [gateway] = system.stack.gateways;
  if (!gateway) throw new Error('a stack has a gateway');
  const [one, other] = await Promise.all([
    system.socket(gateway, person).synced(),
    system.socket(gateway, agent).synced(),
  ]);
  const { message } = await one.send(conversation, 'after', 'after all of this');
  await other.when('event', ({ seq }) => seq === message.seq);
  expect(other.contents).toContain('after all of this');
});
