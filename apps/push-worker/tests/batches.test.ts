import { redisNames } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { Worker } from 'bullmq';
import { PushError } from '../src/providers/provider';
import { device, gate, openBatchQueue, pushable } from './setup';
import { useWorkerSetting } from './worker-setting';

const setting = useWorkerSetting();

/** A worker with its queues; `name` is the prefix of its keys and of its conversations. */
async function start(name: string, env: Record<string, string> = {}) {
  const { provider, close, ...jobs } = await setting.start(name, env);
  const batches = openBatchQueue(setting.redis.url, name);
  return {
    provider,
    jobs,
    batches,
    /** Conversations with something to tell. */
    pushables(count: number): string[] {
      const ids = Array.from({ length: count }, (_, n) => `cnv_${name}_${n}`);
      for (const id of ids) {
        setting.messages.states.set(id, pushable({ device: device(`phone-${id}`) }));
      }
      return ids;
    },
    /** How often each was sent. */
    sent: (ids: readonly string[]) => ids.map((id) => provider.about(id).length),
    async idle(): Promise<void> {
      const left = async () => [
        await batches.queue.getJobCountByTypes('waiting', 'active', 'delayed'),
        await jobs.queue.getJobCountByTypes('waiting', 'active', 'delayed'),
      ];
      await waitFor(async () => (await left()).every((count) => count === 0), {
        timeoutMs: 30_000,
      });
    },
    async close(): Promise<void> {
      await batches.queue.close();
      await close();
    },
  };
}
const times = (count: number, of: number) => Array<number>(count).fill(of);

test('a batch tells all its devices as things stand, marks them, and is not kept', async () => {
  const { provider, batches, pushables, sent, idle, close } = await start('all', {
    PUSH_CONCURRENCY: '5',
  });
  let [atOnce, most] = [0, 0];
  provider.refuse = async () => {
    most = Math.max(most, (atOnce += 1));
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
  };
  const ids = pushables(100);
  setting.messages.states.delete('cnv_all_3');
  await batches.add(ids);
  await idle();
  expect(sent(ids)).toEqual(ids.map((id) => (id === 'cnv_all_3' ? 0 : 1)));
  const marked = setting.messages.marked.filter(({ conversation_id }) =>
    ids.includes(conversation_id),
  );
  expect(marked).toHaveLength(99);
  expect(most).toBe(5);
  expect(await batches.queue.getJobCountByTypes('completed', 'failed')).toBe(0);
  await close();
});

test('who cannot be told now, is refused or fails has a job of its own, and holds up no other', async () => {
  const { provider, jobs, batches, pushables, sent, close } = await start('apart');
  const ids = pushables(6);
  const [away, refused, failing, soon, ...others] = ids as [string, string, string, string];
  const soonState = setting.messages.states.get(soon);
  if (soonState) soonState.pushed_at = new Date(Date.now() + 60_000).toISOString();
  let isAway = true;
  let fails = true;
  provider.refuse = ({ device_id }) => {
    if (device_id === `phone-${refused}`) throw new PushError({ outcome: 'refused', reason: 'No' });
    if (device_id === `phone-${failing}` && fails) throw new Error('unexpected');
    if (device_id === `phone-${away}` && isAway)
      throw new PushError({ outcome: 'later', reason: 'away', retryAfterMs: 50 });
  };
  await batches.add(ids);
  await waitFor(async () => (await jobs.queue.getFailedCount()) === 1);
  const [dead] = await jobs.queue.getFailed(0, 0);
  expect(dead).toMatchObject({
    failedReason: 'No',
    attemptsMade: 1,
    data: { user_id: 'usr_1', conversation_id: refused, device_id: `phone-${refused}` },
  });
  // While it waited to fail it kept no later message away.
  expect(dead?.deduplicationId).toBeUndefined();
  await waitFor(() => sent(others).every((count) => count === 1));
  expect(setting.messages.probes.get(`phone-${away}`)).toBe(away);
  [isAway, fails] = [false, false];
  await waitFor(() => [away, failing].every((id) => provider.about(id).length === 1), {
    timeoutMs: 30_000,
  });
  expect(sent(others)).toEqual(times(others.length, 1));
  expect(await batches.queue.getJobCountByTypes('waiting', 'active', 'delayed')).toBe(0);
  await close();
});

test('what came too soon after a push is told when it is time', async () => {
  const { provider, batches, pushables, sent, idle, close } = await start('soon', {
    PUSH_MIN_INTERVAL_MS: '400',
  });
  const ids = pushables(3);
  await batches.add(ids);
  await waitFor(() => sent(ids).every((count) => count === 1));
  const first = provider.about(ids[0] ?? '')[0]?.at ?? 0;
  await idle();
  const pushed_at = new Date(first).toISOString();
  for (const id of ids) {
    const to = device(`phone-${id}`);
    setting.messages.states.set(id, pushable({ seq: 3, pushed_at, device: to }));
  }
  await batches.add(ids);
  await waitFor(() => sent(ids).every((count) => count === 2));
  expect(provider.sent.slice(3).every(({ at }) => at >= first + 400)).toBe(true);
  await close();
});

test('while the store is away a batch waits, and then goes on with what is left; nothing is sent twice', async () => {
  const { batches, jobs, pushables, sent, idle, close } = await start('store');
  const ids = pushables(20);
  setting.messages.failures = 1;
  await batches.add(ids);
  await waitFor(() => sent(ids).every((count) => count === 1));
  await idle();

  const next = ids.map((id) => {
    setting.messages.states.set(`${id}_next`, pushable({ device: device(`phone-${id}_next`) }));
    return `${id}_next`;
  });
  // Sent, and not noted.
  setting.messages.markFailures = 1;
  await batches.add(next);
  await waitFor(() =>
    next.every((id) =>
      setting.messages.marked.some(({ conversation_id }) => conversation_id === id),
    ),
  );
  await idle();
  expect(sent(next)).toEqual(times(20, 1));
  expect(await jobs.queue.getFailedCount()).toBe(0);
  await close();
});

test('the batch of a worker that died is taken over, each device by itself', async () => {
  const names = redisNames('died');
  const { queue, add } = openBatchQueue(setting.redis.url, 'died');
  const dead = new Worker(names.pushBatchQueue('apns'), () => new Promise(() => undefined), {
    prefix: names.queuePrefix,
    connection: { url: setting.redis.url, maxRetriesPerRequest: null },
    lockDuration: 300,
    stalledInterval: 300,
  });
  dead.on('error', () => undefined);
  const ids = ['cnv_died_0', 'cnv_died_1'];
  for (const id of ids)
    setting.messages.states.set(id, pushable({ device: device(`phone-${id}`) }));
  const job = await add(ids);
  await waitFor(() => job.isActive());
  // Its lock is renewed no more, as after a SIGKILL.
  await dead.close(true);
  await queue.close();

  const { jobs, sent, idle, close } = await start('died', { PUSH_LOCK_MS: '300' });
  await waitFor(() => sent(ids).every((count) => count === 1));
  await idle();
  expect(sent(ids)).toEqual([1, 1]);
  expect(await jobs.queue.getCompletedCount()).toBe(2);
  await close();
});

test('a device is told by one job at a time, and by the other afterwards', async () => {
  const { provider, jobs, batches, pushables, sent, idle, close } = await start('one', {
    PUSH_MIN_INTERVAL_MS: '0',
  });
  const [id, other] = pushables(2) as [string, string];
  const held = gate();
  provider.refuse = ({ device_id }) => (device_id === `phone-${id}` ? held.passed : undefined);
  await jobs.add(id, { device_id: `phone-${id}` });
  await waitFor(() => provider.offered.length === 1);
  await batches.add([id, other]);
  await waitFor(() => sent([other])[0] === 1);
  await waitFor(async () => (await batches.queue.getActiveCount()) === 0);
  expect(provider.offered.filter(({ conversation_id }) => conversation_id === id)).toHaveLength(1);
  held.open();
  await idle();
  expect(sent([id])).toEqual([1]);
  await close();
});

test('what a worker that is told to end has not begun is left to the next one', async () => {
  const first = await start('end', { PUSH_CONCURRENCY: '1' });
  const ids = first.pushables(50);
  const held = gate();
  first.provider.refuse = () => held.passed;
  await first.batches.add(ids);
  await waitFor(() => first.provider.offered.length === 1);
  const closed = first.close();
  held.open();
  await closed;
  // Those that it had begun with are told.
  const told = first.provider.sent.length;
  expect(told).toBeGreaterThanOrEqual(1);
  expect(told).toBeLessThan(50);
  const second = await start('end');
  await waitFor(() => first.provider.sent.length + second.provider.sent.length >= 50);
  await second.idle();
  expect(ids.map((id) => first.sent([id])[0] === 1 || second.sent([id])[0] === 1)).toEqual(
    ids.map(() => true),
  );
  expect(first.provider.sent.length + second.provider.sent.length).toBe(50);
  await second.close();
});

test('what is no batch fails at once', async () => {
  const { batches, close } = await start('wrong');
  const job = await batches.queue.add('batch', { pushes: [{ user_id: 7 }] });
  await waitFor(() => job.isFailed());
  await close();
});
