import { waitFor } from '@agent-messenger/testkit';
import { pushOf, type Talk, type World } from './conformance/world';
import { createPushFixture } from './push-fixture';
import { useRedisSetting } from './redis-setting';

const setting = useRedisSetting();

/** As the push worker when a device cannot be reached: the job is gone from the queue unless it probes. */
async function hold(world: World, talk: Talk): Promise<boolean> {
  return (await world.store.holdPush(pushOf(talk))).probes;
}

async function talksOf(world: World, count: number): Promise<[Talk, ...Talk[]]> {
  const first = await world.talk();
  await world.device(first.user);
  const more = Array.from({ length: count - 1 }, () => world.talk({ user: first.user }));
  return [first, ...(await Promise.all(more))];
}

test('a device that cannot be reached has one job, and all its conversations are queued when it can', async () => {
  const { world, queues, start, startBacklog, waiting } = await createPushFixture(setting);
  const talks = await talksOf(world, 5);
  const [first, ...others] = talks;
  await world.send(first, first.agent, 'one');
  const consumer = start();
  expect(await waiting()).toEqual([pushOf(first)]);
  expect(await hold(world, first)).toBe(true);
  for (const talk of others) await world.send(talk, talk.agent, 'news');
  expect(await waiting()).toEqual([pushOf(first)]);
  for (const talk of others) expect(await hold(world, talk)).toBe(false);
  await consumer.stop();

  await world.move('read', others[0] as Talk, first.user, 2);
  await world.store.markPushed({ ...pushOf(first), seq: 2 });
  await queues.of('apns').drain(true);
  startBacklog();
  await waitFor(async () => (await world.store.waitingDeviceCount()) === 0);
  const due = (await waiting()).map(({ conversation_id }) => conversation_id);
  expect(due.sort()).toEqual(
    others
      .slice(1)
      .map(({ conversation }) => conversation)
      .sort(),
  );
});

test('a probe that Redis has lost is queued again, and one with nothing left to say makes room for another', async () => {
  const { world, redis, startBacklog, waiting, start } = await createPushFixture(setting);
  const [first, second] = await talksOf(world, 2);
  for (const talk of [first, second as Talk]) await world.send(talk, talk.agent, 'news');
  const consumer = start();
  expect(await waiting()).toHaveLength(2);
  await consumer.stop();
  expect(await hold(world, first)).toBe(true);
  await redis.flushall();
  const backlog = startBacklog();
  await waitFor(async () => (await waiting()).length === 1);
  expect(await waiting()).toEqual([pushOf(first)]);
  // Otherwise it may queue the second one before Redis loses everything again.
  await backlog.stop();
  await world.move('read', first, first.user, 2);
  await redis.flushall();
  startBacklog();
  await waitFor(async () => (await world.store.waitingDeviceCount()) === 0);
  expect(await waiting()).toEqual([pushOf(second as Talk)]);
});

test('what a full queue has no room for waits in the store, and is queued when there is room', async () => {
  const { world, queues, start, startBacklog, waiting } = await createPushFixture(setting, {
    // For each of three platforms: room for fewer than half of them, of about 1.5 kB, and for what is noted of all.
    maxBytes: 3 * 40_000,
  });
  const talks = await talksOf(world, 60);
  for (const talk of talks) await world.send(talk, talk.agent, 'news');
  const consumer = start();
  const queued = await waiting();
  expect(queued.length).toBeGreaterThan(0);
  expect(queued.length).toBeLessThan(talks.length);
  expect(await world.store.waitingDeviceCount()).toBe(1);
  await consumer.stop();

  const told: string[] = [];
  /** As the push worker: what is queued meanwhile stays. */
  async function tell(): Promise<void> {
    for (const job of await queues.of('apns').getJobs(['waiting', 'delayed'])) {
      await world.store.markPushed({ ...job.data, seq: 2 });
      told.push(job.data.conversation_id);
      await job.remove();
    }
  }
  await tell();
  const backlog = startBacklog();
  await waitFor(async () => {
    backlog.wake();
    await tell();
    return (await world.store.waitingDeviceCount()) === 0;
  });
  await tell();
  expect([...new Set(told)].sort()).toEqual(talks.map(({ conversation }) => conversation).sort());
});
