import { pushDeduplicationId, redisNames, type PushJob } from '@agent-messenger/contracts';
import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import { startRedis, waitFor, type RedisProcess } from '@agent-messenger/testkit';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { startPushConsumer } from '../src/push-consumer';
import { openPushQueue } from '../src/push-queue';
import { createWorld, type Talk } from './conformance/world';
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
  const queue = await openPushQueue(redis, names, silent);
  scope.defer('queue', () => queue.close());
  return {
    world,
    queue,
    redis,
    names,
    start() {
      const now = () => world.clock.ms;
      const consumer = startPushConsumer({
        store: world.store,
        queue,
        log: silent,
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
const jobOf = ({ user, conversation }: Talk): PushJob => ({
  user_id: user,
  conversation_id: conversation,
});

test('a person who has not received gets one job per conversation, after the grace', async () => {
  const { world, queue, start, waiting } = await createFixture();
  const [talk, received, noDevice] = [await world.talk(), await world.talk(), await world.talk()];
  await world.device(talk.user);
  await world.device(received.user);
  for (const each of [talk, talk, received, noDevice]) await world.send(each, each.agent, 'secret');
  start();
  await world.move('received', received, received.user, 2);
  world.clock.ms += GRACE_MS;
  expect(await waiting()).toEqual([jobOf(talk)]);

  const [job] = await queue.getJobs(['waiting']);
  expect(job?.name).toBe('push');
  expect(job?.opts).toMatchObject({
    attempts: 5,
    backoff: { type: 'exponential' },
    removeOnComplete: { count: 1_000, age: 3_600 },
    removeOnFail: { count: 5_000 },
  });
  expect(await queue.getDeduplicationJobId(pushDeduplicationId(jobOf(talk)))).toBe(job?.id);
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
  expect(await waiting()).toEqual([jobOf(due)]);
});

test('more messages coalesce while the job waits; one that comes while it runs runs it again', async () => {
  const { world, redis, names, start, waiting } = await createFixture();
  const talk = await world.talk();
  await world.device(talk.user);
  start();
  for (const content of ['one', 'two']) {
    await world.send(talk, talk.agent, content);
    world.clock.ms += GRACE_MS;
    expect(await waiting()).toEqual([jobOf(talk)]);
  }

  const runs: PushJob[] = [];
  let finish: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (finish = resolve));
  const own = new Redis(server.url, { maxRetriesPerRequest: null });
  const worker = new Worker<PushJob>(
    names.pushQueue,
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
  expect(runs[1]).toEqual(jobOf(talk));
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
  expect(await waiting()).toEqual([jobOf(talk)]);
});

test('a Redis that may evict jobs is warned about', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'warn', destination });
  const redis = await connectRedis(server.url, { name: 'queue', log, scope });
  const open = async () => {
    const queue = await openPushQueue(redis, redisNames('evict'), log);
    await queue.close();
  };
  await open();
  expect(lines).toEqual([]);
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await open();
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  expect(lines.join('')).toContain('noeviction');
});
