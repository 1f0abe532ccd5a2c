import { inBatches } from './in-batches';

/** A callee that is answered for by hand. */
function createFixture({ most = 3, atOnce = 1 } = {}) {
  const calls: { asked: number[]; answer(): void; fail(): void }[] = [];
  const double = inBatches<number, number>(
    (asked) =>
      new Promise((resolve, reject) => {
        calls.push({
          asked,
          answer: () => resolve(asked.map((n) => 2 * n)),
          fail: () => reject(new Error('away')),
        });
      }),
    { most, atOnce },
  );
  return { calls, double, asked: () => calls.map((call) => call.asked) };
}
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('what is asked in one turn or while a call is under way shares a call, each with its own answer', async () => {
  const { calls, double, asked } = createFixture();
  const first = [double(1), double(2)];
  await turn();
  const second = [3, 4, 5, 6].map(double);
  await turn();
  expect(asked()).toEqual([[1, 2]]);
  calls[0]?.answer();
  expect(await Promise.all(first)).toEqual([2, 4]);
  await turn();
  calls[1]?.answer();
  await turn();
  calls[2]?.answer();
  expect(await Promise.all(second)).toEqual([6, 8, 10, 12]);
  expect(asked()).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test('several calls may be under way', async () => {
  const { double, asked } = createFixture({ most: 1, atOnce: 2 });
  [1, 2, 3].forEach((n) => void double(n));
  await turn();
  await turn();
  expect(asked()).toEqual([[1], [2]]);
});

test('a call that fails has failed for all that share it, and no others', async () => {
  const { calls, double } = createFixture();
  const first = Promise.allSettled([double(1), double(2)]);
  await turn();
  const second = double(3);
  calls[0]?.fail();
  expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await turn();
  calls[1]?.answer();
  expect(await second).toBe(6);
});
