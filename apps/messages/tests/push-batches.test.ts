import type { PushBatch } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { createForgetInRedis } from '../src/forget-in-redis';
import { pushOf, type Talk, type World } from './conformance/world';
import { createPushFixture } from './push-fixture';
import { useRedisSetting } from './redis-setting';
import { silent } from './temp-store';

const setting = useRedisSetting();
const MANY = 12;

type Fixture = Awaited<ReturnType<typeof createPushFixture>>;

/** Of as many people, with a device each. */
async function talksOf(world: World, count = MANY): Promise<Talk[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const talk = await world.talk();
      await world.device(talk.user);
      return talk;
    }),
  );
}

async function batched({ queues }: Fixture): Promise<PushBatch['pushes'][]> {
  const jobs = await queues.batchesOf('apns').getJobs(['waiting', 'delayed']);
  return jobs.map(({ data }) => data.pushes);
}

/** In an order of its own. */
const ids = (pushes: { user_id: string }[]) => pushes.map((each) => each.user_id).toSorted();

test('what is due to many at once is one job for workers that take batches, and to few one each', async () => {
  const fixture = await createPushFixture(setting);
  const { world, start, waiting } = fixture;
  await world.store.announcePush({ platforms: ['apns'], batches: true });
  const talks = await talksOf(world);
  for (const talk of talks) await world.send(talk, talk.agent, 'secret');
  start();
  expect(await waiting()).toEqual([]);
  const [batch, ...more] = await batched(fixture);
  expect(more).toEqual([]);
  expect(ids(batch ?? [])).toEqual(ids(talks.map((talk) => pushOf(talk))));
  expect(JSON.stringify(batch)).not.toContain('secret');

  const one = await world.talk();
  await world.device(one.user);
  await world.send(one, one.agent, 'news');
  world.clock.ms += 2_000;
  expect(await waiting()).toEqual([pushOf(one)]);
  expect(await batched(fixture)).toHaveLength(1);
});

test('workers that know no batches get a job for each device', async () => {
  const fixture = await createPushFixture(setting);
  const { world, start, waiting } = fixture;
  await world.store.announcePush({ platforms: ['apns'] });
  const talks = await talksOf(world);
  for (const talk of talks) await world.send(talk, talk.agent, 'news');
  start();
  expect(ids(await waiting())).toEqual(ids(talks.map((talk) => pushOf(talk))));
  expect(await batched(fixture)).toEqual([]);
});

test('who is erased is in no batch that waits any more', async () => {
  const fixture = await createPushFixture(setting);
  const { queues, redis } = fixture;
  await waitFor(() => redis.status === 'ready');
  const push = (user_id: string, n = 0) => ({
    ...{ user_id, conversation_id: `cnv_${n}`, device_id: 'phone' },
  });
  const queue = queues.batchesOf('apns');
  await queue.addBulk([
    { name: 'batch', data: { pushes: [push('usr_gone'), push('usr_stays')] } },
    { name: 'batch', data: { pushes: [push('usr_gone', 1), push('usr_gone', 2)] } },
    {
      name: 'batch',
      data: { pushes: [push('usr_gone', 3), push('usr_stays', 3)] },
      opts: { delay: 3_600_000 },
    },
  ]);
  const forget = createForgetInRedis({
    ...{ redis, queueRedis: redis, queues, log: silent, prefix: 'none' },
  });
  await forget({ user_id: 'usr_gone', username: 'gone' });
  expect((await batched(fixture)).map(ids).toSorted()).toEqual([['usr_stays'], ['usr_stays']]);
});
