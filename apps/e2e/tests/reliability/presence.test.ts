import type { PresenceChange } from '@agent-messenger/contracts';
import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import {
  inParallel,
  type ServiceProcess,
  TestSocketPlain,
  waitFor,
} from '@agent-messenger/testkit';
import { gatewaysOf, startReliability, type Reliability } from './setup';

const CYCLES = 1_000;
const AGENTS = 50;
const WATCHERS = 300;
/** How long somebody who is seen to go stays online. */
const HOLD_MS = 3_500;

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  system = await startReliability();
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);
afterEach(() => system.closeSockets());

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test('no ghosts after a thousand connections that came and went', async () => {
  const person = await system.person();
  const agents = await inParallel(numbers(AGENTS), () => system.agent());
  await inParallel(agents, (agent) => system.open(person, agent));
  const watcher = await system.socket(first, person).synced();
  const identities = agents.map(({ id }) => id as `agt_${string}`);
  await watcher.request('presence:watch', { identities });

  await inParallel(numbers(CYCLES), async (cycle) => {
    const { token } = agents[cycle % AGENTS] ?? { token: '' };
    const { url } = cycle % 2 ? first : second;
    const socket = new TestSocketPlain(url, '/agent', { token });
    // Gone in the middle of the handshake, cut off, or closed in order; some take over from another that still stands.
    const manner = Math.floor(cycle / AGENTS) % 4;
    if (manner === 0) return void socket.socket.once('open', () => socket.socket.terminate());
    await waitFor(() => socket.closed ?? socket.all('connected')[0], { intervalMs: 5 });
    if (manner === 1) socket.socket.terminate();
    else socket.close();
    await waitFor(() => socket.closed, { intervalMs: 5 });
  });

  const left = () =>
    Promise.all([
      system.redis.zrange(system.names.presenceExpiry, '0', '-1'),
      system.redis.keys(system.names.lease('*')),
    ]);
  // The hold, and a sweep.
  const [present, leases] = await waitFor(async () => {
    const now = await left();
    return now.every(({ length }) => length === 1) ? now : undefined;
  });
  expect(present).toEqual([person.id]);
  expect(leases).toEqual([system.names.lease(person.id)]);
  await waitFor(() => {
    const told = new Map(watcher.all('presence').map((one) => [one.identity_id, one.status]));
    return identities.every((id) => told.get(id) === 'offline');
  });
  const answer = await watcher.request('presence:watch', { identities });
  const statuses = answer.ok ? answer.presence.map(({ status }) => status) : [];
  expect(statuses).toEqual(identities.map(() => 'offline'));
}, 180_000);

test('who comes back quickly was never away; busy and idle are told', async () => {
  const { person, agent } = await system.pair();
  let after = await system.socket(first, agent).synced();
  const watcher = await system.socket(second, person).synced();
  const told = () => watcher.all('presence').map(({ status }) => status);
  let before: number;
  let tookMs: number;
  do {
    await waitFor(() => told().at(-1) === 'online');
    before = told().length;
    const from = performance.now();
    after.close();
    await waitFor(async () => !(await system.redis.exists(system.names.lease(agent.id))));
    after = await system.socket(second, agent).synced();
    tookMs = performance.now() - from;
    // On a machine that stood still in between it was no quick return.
  } while (tookMs >= HOLD_MS);
  await after.request('status:set', { status: 'busy' });
  await watcher.when('presence', ({ status }) => status === 'busy');
  await after.request('status:set', { status: 'idle' });
  await watcher.when('presence', ({ status }) => status === 'idle');
  expect(told().slice(before)).toEqual(['busy', 'idle']);
  after.close();
  const gone = await watcher.when('presence', ({ status }) => status === 'offline');
  expect(Date.parse(gone.last_seen ?? '')).toBeLessThanOrEqual(Date.now());
});

test('an agent that many watch costs each gateway one message when it comes or goes', async () => {
  const agent = await system.agent();
  const people = await inParallel(numbers(WATCHERS), () => system.person());
  await inParallel(people, (person) => system.open(person, agent));
  const watchers = await inParallel(people, ({ token }, index) =>
    new TestSocketPlain((index % 2 ? first : second).url, '/client', { token }).synced(),
  );
  const log = createLogger({ name: 'test', level: 'silent' });
  const scope = new Scope(log);
  try {
    const subscriber = await connectRedis(system.stack.redisUrl, { name: 'watch', log, scope });
    const messages: PresenceChange[][] = [];
    subscriber.on('message', (_channel: string, text: string) => {
      const changes = JSON.parse(text) as PresenceChange[];
      if (changes.some(({ identity_id }) => identity_id === agent.id)) messages.push(changes);
    });
    await subscriber.subscribe(system.names.presence);
    // Both gateways read the channel once, whoever watches there, and this test does.
    expect(await system.redis.pubsub('NUMSUB', system.names.presence)).toEqual([
      system.names.presence,
      3,
    ]);
    const everybody = (status: string) =>
      waitFor(() => watchers.every((each) => each.all('presence').at(-1)?.status === status), {
        timeoutMs: 30_000,
        describe: `${status} for all`,
      });

    await everybody('offline');
    const socket = await system.socket(first, agent).synced();
    await everybody('online');
    socket.close();
    await everybody('offline');
    expect(messages).toEqual(
      ['online', 'offline'].map((status) => [
        { identity_id: agent.id, status, last_seen_ms: expect.any(Number) as number },
      ]),
    );
  } finally {
    for (const watcher of watchers) watcher.close();
    await scope.close();
  }
}, 180_000);
