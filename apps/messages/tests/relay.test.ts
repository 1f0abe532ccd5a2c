import {
  redisNames,
  type Event,
  type GatewayMessage,
  type Lease,
  type LogAnnouncement,
  type ReceiptFrame,
} from '@agent-messenger/contracts';
import { connectRedis, isReadOnly } from '@agent-messenger/service-kit';
import { startFaultProxy, startRedis, waitFor } from '@agent-messenger/testkit';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { startRelay, toMessages, type Relay } from '../src/relay/relay';
import type { LogEntry, Store } from '../src/store/store';
import { createWorld, sendOf, type Talk, type World } from './conformance/world';
import { useRedisSetting } from './redis-setting';
import { silent } from './temp-store';

type Frames = Extract<GatewayMessage, { type: 'events' }>['frames'];

const setting = useRedisSetting();

/** A relay over a real store and Redis, and what each gateway's channel brought. */
async function createFixture({ open = () => setting.stores.open(), server = setting.server } = {}) {
  const { scope } = setting;
  const names = redisNames(`t${randomUUID().slice(0, 8)}`);
  const world = await createWorld(open);
  const connect = (name: string) => connectRedis(server.url, { name, log: silent, scope });
  const redis = await connect('leases');
  const subscriber = await connect('gateways');
  const received = new Map<string, Frames[]>();
  const told: ReceiptFrame[] = [];
  const announced: string[] = [];
  subscriber.on('message', (channel: string, text: string) => {
    if (channel === names.log) announced.push((JSON.parse(text) as LogAnnouncement).log_id);
    const message = JSON.parse(text) as GatewayMessage;
    if (message.type === 'events') received.get(channel)?.push(message.frames);
    if (message.type === 'receipts') told.push(...message.frames);
  });
  return {
    world,
    redis,
    told,
    async announcements(): Promise<string[]> {
      await subscriber.subscribe(names.log);
      return announced;
    },
    async start(
      store: Store = world.store,
      metrics = new Registry(),
      connected?: Redis,
    ): Promise<Relay> {
      const own = connected ?? (await connect('relay'));
      const relay = startRelay({ store, redis: own, names, log: silent, metrics });
      scope.defer('relay', () => relay.stop());
      return relay;
    },
    async gateway(id: string): Promise<Frames[]> {
      const messages: Frames[] = [];
      received.set(names.gateway(id), messages);
      await subscriber.subscribe(names.gateway(id));
      return messages;
    },
    lease(identity: string, gateway: string | null, epoch = 1, more: Partial<Lease> = {}) {
      const lease: Lease = { gateway, epoch, connection_id: 'c', credential_id: 'k', ...more };
      return redis.set(names.lease(identity), JSON.stringify(lease));
    },
  };
}
const seqs = (messages: Frames[]) => messages.flat().map(({ event }) => event.seq);

async function sendMany(world: World, talk: Talk, count: number, content = 'x'): Promise<void> {
  const operations = Array.from({ length: count }, (_, n) =>
    sendOf(talk, n % 2 ? talk.user : talk.agent, { client_id: randomUUID(), content }),
  );
  await world.store.append({ operations });
}

test('who is where they were is told with one round trip to Redis, who is not where they are now', async () => {
  const { world, redis, start, gateway, lease } = await createFixture();
  const talk = await world.talk();
  const [first, second] = [await gateway('g1'), await gateway('g2')];
  /** Each round trip of the relay begins with a write. */
  const roundTrips = async () =>
    Number(/cmdstat_del:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  await lease(talk.user, 'g1');
  const relay = await start();
  await waitFor(() => seqs(first).includes(1));

  const before = await roundTrips();
  await sendMany(world, talk, 1);
  relay.wake();
  await waitFor(() => seqs(first).includes(2));
  expect((await roundTrips()) - before).toBe(1);
  // A lease says more than where.
  await lease(talk.user, 'g1', 1, { status: 'busy' });
  await sendMany(world, talk, 1);
  relay.wake();
  await waitFor(() => seqs(first).includes(3));
  expect((await roundTrips()) - before).toBe(2);

  await lease(talk.user, 'g2', 2);
  await sendMany(world, talk, 1);
  relay.wake();
  await waitFor(() => seqs(second).includes(4));
  expect(second.flat().map(({ to }) => to)).toEqual([[[talk.user, 2]]]);
  await sendMany(world, talk, 1);
  relay.wake();
  await waitFor(() => seqs(second).includes(5));
  expect(seqs(second)).toEqual([4, 5]);
  // Once more where they had been, and never again.
  expect(seqs(first)).toEqual([1, 2, 3, 4]);
});

test('which log there is is told to every gateway, also when nothing is to be relayed', async () => {
  const { world, announcements, start } = await createFixture();
  const announced = await announcements();
  await start();
  await waitFor(() => announced.length);
  expect(announced).toEqual([world.store.logId]);
});

test('a page is one message per gateway, with each recipient’s epoch, in commit order', async () => {
  const { world, start, gateway, lease } = await createFixture();
  const talk = await world.talk();
  const other = await world.talk();
  const [first, second] = [await gateway('g1'), await gateway('g2')];
  await lease(talk.user, 'g1', 4);
  await lease(talk.agent, 'g2', 9);
  await lease(other.user, 'g1', 2);
  await lease(other.agent, null);
  await sendMany(world, talk, 3);
  await start();
  await waitFor(() => seqs(first).length === 5 && seqs(second).length === 4);
  expect([first.length, second.length]).toEqual([1, 1]);
  expect(first[0]?.map(({ to, event }) => [to, event.conversation_id, event.seq])).toEqual([
    [[[talk.user, 4]], talk.conversation, 1],
    [[[other.user, 2]], other.conversation, 1],
    [[[talk.user, 4]], talk.conversation, 2],
    [[[talk.user, 4]], talk.conversation, 3],
    [[[talk.user, 4]], talk.conversation, 4],
  ]);
  const { events } = await world.store.readLog({
    identity_id: talk.agent,
    epoch: null,
    conversation_id: talk.conversation,
    after_seq: 0,
    limit: 9,
  });
  expect(second[0]).toEqual(events.map((event) => ({ to: [[talk.agent, 9]], event })));
});

test('two recipients on one gateway share a frame', async () => {
  const { world, start, gateway, lease } = await createFixture();
  const talk = await world.talk();
  const messages = await gateway('g');
  await lease(talk.user, 'g', 1);
  await lease(talk.agent, 'g', 2);
  await start();
  await waitFor(() => messages.length);
  expect(messages.flat()).toHaveLength(1);
  expect([...(messages[0]?.[0]?.to ?? [])].sort()).toEqual(
    [
      [talk.user, 1],
      [talk.agent, 2],
    ].sort(),
  );
});

test('positions that moved are told to whoever is connected, the last of each, also when there is no event', async () => {
  const { world, start, gateway, lease, told } = await createFixture();
  const talk = await world.talk();
  const messages = await gateway('g1');
  await lease(talk.user, 'g1');
  await lease(talk.agent, null);
  const relay = await start();
  await waitFor(() => messages.length === 1);
  const receipt = (identity_id: string, delivered_seq: number) => ({
    ...{ conversation_id: talk.conversation, identity_id, delivered_seq, read_seq: 0 },
  });
  relay.publishPositions([
    { tell: [] },
    { receipt: receipt(talk.agent, 1), tell: [talk.user] },
    { receipt: receipt(talk.agent, 2), tell: [talk.user] },
    { receipt: receipt(talk.user, 2), tell: [talk.agent] },
  ]);
  relay.publishPositions([{ receipt: receipt('agt_other', 1), tell: [talk.user] }]);
  await waitFor(() => told.length === 2);
  expect(told).toEqual([
    { to: [talk.user], receipt: receipt(talk.agent, 2) },
    { to: [talk.user], receipt: receipt('agt_other', 1) },
  ]);
  expect(seqs(messages)).toEqual([1]);
});

test('a commit wakes it; a restart goes on behind what was relayed', async () => {
  const { world, start, gateway, lease } = await createFixture();
  const talk = await world.talk();
  const messages = await gateway('g');
  await lease(talk.user, 'g');
  const relay = await start();
  await waitFor(() => messages.length === 1);
  await sendMany(world, talk, 1);
  relay.wake();
  await waitFor(() => messages.length === 2);
  await relay.stop();
  await sendMany(world, talk, 1);
  await start();
  await waitFor(() => messages.length === 3);
  expect(seqs(messages)).toEqual([1, 2, 3]);
});

test('what was committed when it is stopped is still relayed', async () => {
  const { world, start, gateway, lease } = await createFixture();
  const talk = await world.talk();
  const messages = await gateway('g');
  await lease(talk.user, 'g');
  const relay = await start();
  await sendMany(world, talk, 1_200);
  await relay.stop();
  await waitFor(() => seqs(messages).length === 1_201);
  expect(seqs(messages)).toEqual(Array.from({ length: 1_201 }, (_, n) => n + 1));
  expect((await world.store.lagOf('relay')).events).toBe(0);
});

test('while publishing fails the offset stays, and nothing is lost', async () => {
  const { world, start, gateway, lease, redis } = await createFixture();
  const talk = await world.talk();
  const messages = await gateway('g');
  await lease(talk.user, 'g');
  await redis.call('ACL', 'SETUSER', 'default', '-publish');
  const metrics = new Registry();
  const relay = await start(world.store, metrics);
  await sendMany(world, talk, 2);
  relay.wake();
  const lag = () => metrics.getSingleMetricAsString('messages_relay_lag_events');
  await waitFor(async () => /messages_relay_lag_events 3/.test(await lag()));
  await redis.call('ACL', 'SETUSER', 'default', '+publish');
  await waitFor(() => seqs(messages).length >= 3);
  expect(seqs(messages)).toEqual([1, 2, 3]);
  await waitFor(async () => /messages_relay_lag_events 0/.test(await lag()));
});

test('Redis dies and comes back: commits go on meanwhile, the rest is relayed', async () => {
  const { world, start, gateway, lease } = await createFixture();
  const talk = await world.talk();
  const messages = await gateway('g');
  await lease(talk.user, 'g');
  const relay = await start();
  await waitFor(() => messages.length === 1);

  await setting.server.kill();
  await sendMany(world, talk, 2);
  relay.wake();
  expect((await world.store.lagOf('relay')).events).toBe(2);
  await setting.server.start();
  // What is published before the gateway has subscribed again is gone; it would read the log.
  await waitFor(async () => (await world.store.lagOf('relay')).events === 0);
  await waitFor(async () => {
    await sendMany(world, talk, 1);
    relay.wake();
    return waitFor(() => messages.length > 1, { timeoutMs: 200 });
  });
});

test('what a demoted primary has taken is relayed by the next one', async () => {
  const [old, next] = [await startRedis(), await startRedis()];
  const front = await startFaultProxy({ target: old.port });
  const { scope } = setting;
  scope.defer('servers', () => Promise.all([old.stop(), next.stop(), front.close()]));
  const { world, start, gateway, lease, redis } = await createFixture({ server: next });
  const connected = await connectRedis(`redis://127.0.0.1:${front.port}`, {
    ...{ name: 'relay', log: silent, scope },
    options: { reconnectOnError: isReadOnly },
  });
  const demoted = await connectRedis(old.url, { name: 'demoted', log: silent, scope });

  // It stays reachable, and has what the next one has: leases, and nobody who listens.
  await demoted.replicaof('127.0.0.1', next.port);
  front.retarget(next.port);
  const talk = await world.talk();
  const messages = await gateway('g');
  await lease(talk.user, 'g');
  await waitFor(async () => (await demoted.dbsize()) === (await redis.dbsize()));
  await start(undefined, undefined, connected);
  await waitFor(() => messages.length > 0);
  expect(seqs(messages)).toContain(1);
});

test('what was not noted as done is repeated, nothing is skipped', async () => {
  const { world, start, gateway, lease } = await createFixture();
  const talk = await world.talk();
  const messages = await gateway('g');
  await lease(talk.user, 'g');
  let isLost = false;
  async function nextEntries(limit: number) {
    const stretch = await world.store.nextEntries(limit);
    if (!stretch || isLost) return stretch;
    isLost = true;
    return { ...stretch, done: () => undefined };
  }
  await start({ ...world.store, nextEntries });
  await waitFor(() => messages.length === 2);
  expect(seqs(messages)).toEqual([1, 1]);
});

test('messages to one gateway are split when they get large, and stay in order', () => {
  const entries = Array.from({ length: 10 }, (_, n): LogEntry => {
    const event = { conversation_id: 'cnv_1', seq: n + 1, content: 'x'.repeat(400) };
    return { event: event as unknown as Event, to: ['usr_1', 'usr_away'] };
  });
  const gateways = new Map([['usr_1', { gateway: 'g', recipient: '["usr_1",3]' }]]);
  const messages = toMessages('log_1', entries, gateways, 1_000).map(
    ({ message }) => JSON.parse(message) as { frames: Frames },
  );
  expect(messages).toHaveLength(5);
  const frames = messages.flatMap((message) => message.frames);
  expect(frames).toEqual(entries.map(({ event }) => ({ to: [['usr_1', 3]], event })));
});

test('it can be stopped while Redis is away, and leaves the rest to the next start', async () => {
  const { world, start } = await createFixture();
  const relay = await start();
  await setting.server.kill();
  await world.talk();
  relay.wake();
  await relay.stop();
  expect((await world.store.lagOf('relay')).events).toBe(1);
  await setting.server.start();
});
