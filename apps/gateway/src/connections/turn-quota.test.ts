import { setImmediate as turn } from 'node:timers/promises';
import { TurnQuota } from './turn-quota';

/** @returns which have begun so far */
function ask(quota: TurnQuota, from: number, count: number, begun: number[]): void {
  for (let n = from; n < from + count; n += 1) {
    const turn = quota.next();
    if (turn) void turn.then(() => begun.push(n));
    else begun.push(n);
  }
}

test('so many begin in a turn of the event loop, the others in the next ones', async () => {
  const quota = new TurnQuota(2);
  const begun: number[] = [];
  ask(quota, 0, 5, begun);
  const perTurn = [];
  for (let n = 0; n < 4; n += 1) {
    await turn();
    perTurn.push(begun.length);
  }
  // Those that wait begin after what else the turn had to do.
  expect(perTurn.at(-1)).toBe(5);
  expect(new Set(perTurn).size).toBeGreaterThan(1);
});

test('what comes later begins after what waits', async () => {
  const quota = new TurnQuota(2);
  const begun: number[] = [];
  ask(quota, 0, 4, begun);
  for (let n = 4; n < 20; n += 2) {
    await turn();
    ask(quota, n, 2, begun);
  }
  for (let n = 0; n < 20; n += 1) await turn();
  expect(begun).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

test('one that is alone begins at once, and again in the turn after many', async () => {
  const quota = new TurnQuota(2);
  const begun: number[] = [];
  ask(quota, 0, 1, begun);
  expect(begun).toEqual([0]);
  ask(quota, 1, 9, begun);
  for (let n = 0; n < 10; n += 1) await turn();
  ask(quota, 10, 1, begun);
  expect(begun).toEqual(Array.from({ length: 11 }, (_, n) => n));
});
