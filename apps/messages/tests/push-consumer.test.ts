import { pushDeduplicationId, type PushJob } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { pushOf } from './conformance/world';
import { UNSEEN_MS } from '../src/push/push-consumer';
import { createPushFixture, GRACE_MS } from './push-fixture';
import { useRedisSetting } from './redis-setting';

const setting = useRedisSetting();

test('a person who has not received gets one job per conversation, after the grace', async () => {
  const { world, queues, start, waiting } = await createPushFixture(setting);
  const [talk, received, noDevice] = [await world.talk(), await world.talk(), await world.talk()];
  await world.device(talk.user);
  await world.device(received.user);
  for (const each of [talk, talk, received, noDevice]) await world.send(each, each.agent, 'secret');
  await world.move('received', received, received.user, 2);
  start();
  expect(await waiting()).toEqual([pushOf(talk)]);

  const [job] = await queues.of('apns').getJobs(['waiting']);
  expect(job?.name).toBe('push');
  expect(job?.opts).toMatchObject({
    attempts: 5,
    backoff: { type: 'exponential' },
    removeOnComplete: { count: 1_000, age: 3_600 },
    removeOnFail: { count: 5_000 },
  });
  expect(await queues.of('apns').getDeduplicationJobId(pushDeduplicationId(pushOf(talk)))).toBe(
    job?.id,
  );
  expect(JSON.stringify(job)).not.toContain('secret');
});

test('the grace is as long as it is, also when the clock is set back meanwhile', async () => {
  const { world, start, waiting, seen, pass } = await createPushFixture(setting, { isHeld: true });
  const [due, received] = [await world.talk(), await world.talk()];
  for (const each of [due, received]) await world.device(each.user);
  start();
  await seen();
  pass(GRACE_MS);
  for (const each of [due, received]) await world.send(each, each.agent, 'news');
  await seen();
  world.clock.ms -= 3_600_000;
  pass(GRACE_MS - 1);
  await seen();
  expect((await world.store.lagOf('push')).events).toBe(2);
  await world.move('received', received, received.user, 2);
  pass(1);
  expect(await waiting()).toEqual([pushOf(due)]);
});

test('more messages coalesce while the job waits; one that comes while it runs runs it again', async () => {
  const { world, redis, names, start, waiting } = await createPushFixture(setting);
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
  const own = new Redis(setting.server.url, { maxRetriesPerRequest: null });
  const worker = new Worker<PushJob>(
    names.pushQueue('apns'),
    async (job) => {
      runs.push(job.data);
      if (runs.length === 1) await held;
    },
    { connection: own, prefix: names.queuePrefix },
  );
  setting.scope.defer('connection', () => own.disconnect());
  setting.scope.defer('worker', () => worker.close(true));
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
  const { world, start, waiting, lines } = await createPushFixture(setting);
  const talk = await world.talk();
  await world.device(talk.user);
  start();
  world.clock.ms += GRACE_MS;
  expect(await waiting()).toEqual([]);

  await setting.server.kill();
  await world.send(talk, talk.agent, 'one');
  world.clock.ms += GRACE_MS;
  await waitFor(() => lines.some((line) => line.includes('consumer waits')));
  expect((await world.store.lagOf('push')).events).toBe(1);
  await setting.server.start();
  expect(await waiting()).toEqual([pushOf(talk)]);
});

test('a queue that is not there from the start delays pushes too, and can be stopped', async () => {
  await setting.server.kill();
  const { world, queues, start, waiting, lines } = await createPushFixture(setting);
  const talk = await world.talk();
  await world.device(talk.user);
  await world.send(talk, talk.agent, 'one');
  const first = start();
  world.clock.ms += GRACE_MS;
  await waitFor(() => lines.some((line) => line.includes('consumer waits')));
  expect(() => queues.of('apns')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  await first.stop();
  start();
  await setting.server.start();
  expect(await waiting()).toEqual([pushOf(talk)]);
});

test('a Redis that may evict jobs is warned about', async () => {
  const first = await createPushFixture(setting);
  await waitFor(() => first.redis.status === 'ready');
  await first.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect(first.lines.join('')).not.toContain('noeviction');
  const { lines } = await createPushFixture(setting);
  await waitFor(() => lines.some((line) => line.includes('noeviction')));
  await first.redis.config('SET', 'maxmemory-policy', 'noeviction');
});

test('each platform has a queue of its own', async () => {
  const { world, queues, start, waiting } = await createPushFixture(setting);
  const talk = await world.talk();
  await world.device(talk.user);
  const registration = { device_id: 'tablet', platform: 'fcm' as const, token: 't' };
  const session_id = await world.session(talk.user);
  await world.store.registerPush({ user_id: talk.user, session_id, registration });
  await world.send(talk, talk.agent, 'news');
  start();
  world.clock.ms += GRACE_MS;
  expect(await waiting()).toEqual([pushOf(talk)]);
  const others = await queues.of('fcm').getJobs(['waiting']);
  expect(others.map((job) => job.data)).toEqual([pushOf(talk, 'tablet')]);
});

test('a tab that nobody looks at keeps a push from the phone for a minute', async () => {
  const { world, start, waiting, seen, pass } = await createPushFixture(setting, { isHeld: true });
  const [hidden, shown] = [await world.talk(), await world.talk()];
  for (const each of [hidden, shown]) await world.device(each.user);
  start();
  await seen();
  pass(UNSEEN_MS);
  for (const each of [hidden, shown]) await world.send(each, each.agent, 'news');
  await world.move('received', shown, shown.user, 2);
  await world.append({
    op: 'received',
    identity_id: hidden.user,
    conversation_id: hidden.conversation,
    epoch: null,
    seq: 2,
    seen_seq: 0,
  });
  await seen();
  pass(UNSEEN_MS - 1);
  await seen();
  expect(await waiting()).toEqual([]);
  pass(1);
  await waitFor(async () => (await waiting()).length > 0);
  expect(await waiting()).toEqual([pushOf(hidden)]);
});
