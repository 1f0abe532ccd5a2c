import { pushDeduplicationId, redisNames, type PushJob } from '@agent-messenger/contracts';
import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import { startRedis, waitFor, type RedisProcess } from '@agent-messenger/testkit';
import { UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { startPushConsumer } from '../src/push-consumer';
import { createPushDeadLetters } from '../src/push-dead-letters';
import { openPushQueues } from '../src/push-queues';
import { BY, createWorld, pushOf, refusal } from './conformance/world';
import { createTempStores, silent } from './temp-store';

const GRACE_MS = 2_000;

let server: RedisProcess;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const stores = createTempStores();
let scope: Scope;
beforeEach(() => {
  scope = new Scope(silent);
});
afterEach(async () => {
  await scope.close();
  await stores.cleanUp();
});

async function createFixture() {
  const names = redisNames(`t${randomUUID().slice(0, 8)}`);
  const world = await createWorld((options) => stores.open(options));
  const redis = await connectRedis(server.url, { name: 'queue', log: silent, scope });
  const queues = await openPushQueues({ redis, names, log: silent, scope });
  const queue = queues.of('apns');
  return {
    world,
    queue,
    queues,
    redis,
    names,
    start() {
      const now = () => world.clock.ms;
      const consumer = startPushConsumer({
        store: world.store,
        queues,
        log: silent,
        metrics: new Registry(),
        graceMs: GRACE_MS,
        now,
      });
      scope.defer('consumer', () => consumer.stop());
      return consumer;
    },
    /** The jobs that wait, once the consumer has come to the head of the log. */
    async waiting(): Promise<PushJob[]> {
      const head = await world.store.head();
      await waitFor(async () => (await world.store.offset('push')) === head);
      return (await queue.getJobs(['waiting', 'delayed'])).map((job) => job.data);
    },
  };
}
test('a person who has not received gets one job per conversation, after the grace', async () => {
  const { world, queue, start, waiting } = await createFixture();
  const [talk, received, noDevice] = [await world.talk(), await world.talk(), await world.talk()];
  await world.device(talk.user);
  await world.device(received.user);
  for (const each of [talk, talk, received, noDevice]) await world.send(each, each.agent, 'secret');
  start();
  await world.move('received', received, received.user, 2);
  world.clock.ms += GRACE_MS;
  expect(await waiting()).toEqual([pushOf(talk)]);

  const [job] = await queue.getJobs(['waiting']);
  expect(job?.name).toBe('push');
  expect(job?.opts).toMatchObject({
    attempts: 5,
    backoff: { type: 'exponential' },
    removeOnComplete: { count: 1_000, age: 3_600 },
    removeOnFail: { count: 5_000 },
  });
  expect(await queue.getDeduplicationJobId(pushDeduplicationId(pushOf(talk)))).toBe(job?.id);
  expect(JSON.stringify(job)).not.toContain('secret');
});

test('messages younger than the grace wait', async () => {
  const { world, queue, start, waiting } = await createFixture();
  const [due, young] = [await world.talk(), await world.talk()];
  for (const each of [due, young]) {
    await world.device(each.user);
    await world.send(each, each.agent, 'news');
    world.clock.ms += 1;
  }
  world.clock.ms += GRACE_MS - 2;
  start();
  await waitFor(async () => (await queue.getJobs(['waiting'])).length > 0);
  await world.move('received', young, young.user, 2);
  world.clock.ms += GRACE_MS;
  expect(await waiting()).toEqual([pushOf(due)]);
});

test('more messages coalesce while the job waits; one that comes while it runs runs it again', async () => {
  const { world, redis, names, start, waiting } = await createFixture();
  const talk = await world.talk();
  await world.device(talk.user);
  start();
  for (const content of ['one', 'two']) {
    await world.send(talk, talk.agent, content);
    world.clock.ms += GRACE_MS;
    expect(await waiting()).toEqual([pushOf(talk)]);
  }

  const runs: PushJob[] = [];
  let finish: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (finish = resolve));
  const own = new Redis(server.url, { maxRetriesPerRequest: null });
  const worker = new Worker<PushJob>(
    names.pushQueue('apns'),
    async (job) => {
      runs.push(job.data);
      if (runs.length === 1) await held;
    },
    { connection: own, prefix: names.queuePrefix },
  );
  scope.defer('connection', () => own.disconnect());
  scope.defer('worker', () => worker.close(true));
  await waitFor(() => runs.length === 1);
  await world.send(talk, talk.agent, 'three');
  world.clock.ms += GRACE_MS;
  await waiting();
  finish();
  await waitFor(() => runs.length === 2);
  expect(runs[1]).toEqual(pushOf(talk));
  expect(await redis.ping()).toBe('PONG');
});

test('a queue that is down delays pushes and loses none', async () => {
  const { world, start, waiting } = await createFixture();
  const talk = await world.talk();
  await world.device(talk.user);
  start();
  world.clock.ms += GRACE_MS;
  expect(await waiting()).toEqual([]);

  await server.kill();
  await world.send(talk, talk.agent, 'one');
  const offset = await world.store.offset('push');
  world.clock.ms += GRACE_MS;
  expect(await world.store.offset('push')).toBe(offset);
  await server.start();
  expect(await waiting()).toEqual([pushOf(talk)]);
});

test('a Redis that may evict jobs is warned about', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'warn', destination });
  const redis = await connectRedis(server.url, { name: 'queue', log, scope });
  const open = async () => {
    await openPushQueues({ redis, names: redisNames('evict'), log, scope });
  };
  await open();
  expect(lines).toEqual([]);
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await open();
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  expect(lines.join('')).toContain('noeviction');
});

test('each platform has a queue of its own', async () => {
  const { world, queues, start, waiting } = await createFixture();
  const talk = await world.talk();
  await world.device(talk.user);
  const registration = { device_id: 'tablet', platform: 'fcm' as const, token: 't' };
  await world.store.registerPush({ user_id: talk.user, registration });
  await world.send(talk, talk.agent, 'news');
  start();
  world.clock.ms += GRACE_MS;
  expect(await waiting()).toEqual([pushOf(talk)]);
  const others = await queues.of('fcm').getJobs(['waiting']);
  expect(others.map((job) => job.data)).toEqual([pushOf(talk, 'tablet')]);
});

test('jobs that were given up are listed page by page, newest first, and replayed', async () => {
  const { queues, names } = await createFixture();
  const dead = createPushDeadLetters(queues);
  const talks = ['a', 'b', 'c'].map((id) => ({ user: 'usr_1', conversation: id, agent: '' }));
  for (const platform of ['apns', 'fcm'] as const) {
    const own = new Redis(server.url, { maxRetriesPerRequest: null });
    const worker = new Worker(
      names.pushQueue(platform),
      () => Promise.reject(new UnrecoverableError('PayloadTooLarge')),
      { connection: own, prefix: names.queuePrefix },
    );
    scope.defer('connection', () => own.disconnect());
    await queues.add(talks.map((talk) => ({ platform, job: pushOf(talk) })));
    await waitFor(async () => (await queues.of(platform).getFailedCount()) === 3);
    await worker.close();
  }

  const first = await dead.listDeadPushes({ limit: 4 });
  const second = await dead.listDeadPushes({ limit: 4, cursor: first.next_cursor ?? '' });
  const listed = [...first.dead, ...second.dead];
  expect(listed.map(({ platform }) => platform)).toEqual([
    ...Array<string>(3).fill('apns'),
    ...Array<string>(3).fill('fcm'),
  ]);
  expect(second.next_cursor).toBeNull();
  expect(listed[0]).toMatchObject({ user_id: 'usr_1', device_id: 'phone', attempts: 1 });
  expect(listed[0]?.reason).toBe('PayloadTooLarge');

  const ids = [listed[0]?.id ?? '', 'fcm:999'];
  expect(await dead.replayDeadPushes({ ids, by: BY })).toEqual({ replayed: 1 });
  expect(await queues.of('apns').getWaitingCount()).toBe(1);
  expect(await dead.replayDeadPushes({ by: BY })).toEqual({ replayed: 5 });
  expect(await dead.listDeadPushes({ limit: 9 })).toEqual({ dead: [], next_cursor: null });
  expect(
    (await refusal(Promise.resolve(dead.listDeadPushes({ limit: 9, cursor: 'x' })))).code,
  ).toBe('invalid_payload');
});
