import { AppError } from '@agent-messenger/service-kit';
import { FairQueue } from './fair-queue';

const LIMITS = { slots: 2, slotsPerKey: 1, waiting: 10, waitingPerKey: 4 };

/** Works that end when they are told to; `started` has them in order. */
function works(queue: FairQueue) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    run: (key: string, name: string) =>
      queue.run(key, async () => {
        started.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        return name;
      }),
    async end(name: string) {
      ends.get(name)?.();
      await turn();
    },
  };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'ok',
    (error: unknown) => error instanceof AppError && [error.code, error.retryAfterMs],
  );

test('who has much waiting waits for itself, the others take turns', async () => {
  const { started, run, end } = works(new FairQueue(LIMITS));
  const all = [run('a', 'a1'), run('a', 'a2'), run('a', 'a3'), run('b', 'b1'), run('c', 'c1')];
  await turn();
  // A slot is free, and none of it is for the greedy one.
  expect(started).toEqual(['a1', 'b1']);
  await end('a1');
  expect(started).toEqual(['a1', 'b1', 'c1']);
  await end('c1');
  expect(started).toEqual(['a1', 'b1', 'c1', 'a2']);
  await end('b1');
  expect(started).toHaveLength(4);
  await end('a2');
  await end('a3');
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1', 'c1']);
});

test('what waits is bounded, by key and in all', async () => {
  const queue = new FairQueue({ ...LIMITS, waiting: 5 });
  const { run, end } = works(queue);
  const greedy = Array.from({ length: 5 }, (_, n) => run('a', `a${n}`));
  await turn();
  expect(queue.waiting).toBe(4);
  expect(await codeOf(run('a', 'more'))).toEqual(['rate_limited', 1_000]);
  const other = [run('b', 'b1'), run('b', 'b2')];
  await turn();
  expect(queue.waiting).toBe(5);
  expect(await codeOf(run('c', 'c1'))).toEqual(['unavailable', 1_000]);
  for (const name of ['b1', 'b2', 'a0', 'a1', 'a2', 'a3', 'a4']) await end(name);
  await Promise.all([...greedy, ...other]);
  expect(queue.waiting).toBe(0);
});

test('a failure is its caller’s alone', async () => {
  const queue = new FairQueue({ ...LIMITS, slots: 1 });
  const failed = queue.run('a', () => Promise.reject(new Error('broken')));
  const next = queue.run('a', () => Promise.resolve('fine'));
  await expect(failed).rejects.toThrow('broken');
  expect(await next).toBe('fine');
});

test('exclusive work waits for what runs, and holds what comes', async () => {
  const queue = new FairQueue(LIMITS);
  const { started, run, end } = works(queue);
  const before = run('a', 'before');
  await turn();
  const alone = queue.exclusive(() => started.push('alone'));
  const second = queue.exclusive(() => started.push('second'));
  await turn();
  const after = run('b', 'after');
  await turn();
  expect(started).toEqual(['before']);
  await end('before');
  await Promise.all([before, alone, second]);
  await turn();
  expect(started).toEqual(['before', 'alone', 'second', 'after']);
  await end('after');
  await after;
});

test('closing refuses what waits and answers what runs', async () => {
  const queue = new FairQueue({ ...LIMITS, slots: 1 });
  const { run, end } = works(queue);
  const running = run('a', 'running');
  const waiting = codeOf(run('a', 'waiting'));
  await turn();
  const closed = queue.close();
  expect(await waiting).toEqual(['unavailable', 1_000]);
  expect(await codeOf(run('b', 'late'))).toEqual(['unavailable', 1_000]);
  await end('running');
  expect(await running).toBe('running');
  await closed;
});
