import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { startMaintenance } from '../src/background/maintenance';
import { startStepLoop } from '../src/background/step-loop';
import { silent } from './temp-store';

const OPTIONS = { name: 'work', log: silent, idleMs: 3_600_000 };

/** So many steps of work. */
function createFake(steps: number) {
  const fake = {
    left: steps,
    looks: 0,
    async step() {
      fake.looks += 1;
      fake.left = Math.max(0, fake.left - 1);
      return fake.left > 0;
    },
  };
  return fake;
}

test('what was left is removed at the start, and more when it is woken', async () => {
  const work = createFake(3);
  const loop = startStepLoop({ ...OPTIONS, step: work.step });
  await waitFor(() => work.left === 0);
  work.left = 2;
  loop.wake();
  await waitFor(() => work.left === 0);
  await loop.stop();
});

test('it looks by itself from time to time, for what has expired', async () => {
  const work = createFake(0);
  const loop = startStepLoop({ ...OPTIONS, step: work.step, idleMs: 5 });
  await waitFor(() => work.looks > 3);
  await loop.stop();
});

test('it stops in the middle, and lets the event loop run meanwhile', async () => {
  const work = createFake(Infinity);
  const loop = startStepLoop({ ...OPTIONS, step: work.step });
  await waitFor(() => work.looks > 2);
  await loop.stop();
  expect(work.left).toBe(Infinity);
});

test('a step that fails is tried again', async () => {
  const work = createFake(2);
  let failures = 2;
  async function step() {
    if (failures > 0) {
      failures -= 1;
      throw new Error('disk full');
    }
    return work.step();
  }
  const loop = startStepLoop({ ...OPTIONS, step });
  await waitFor(() => work.left === 0);
  await loop.stop();
});

test('every step that removed something is told, the last look is not', async () => {
  const work = createFake(3);
  let told = 0;
  const loop = startStepLoop({ ...OPTIONS, step: work.step, onStep: () => (told += 1) });
  await waitFor(() => work.looks === 3);
  await loop.stop();
  expect(told).toBe(2);
});

test('what was deleted is purged, and the chores of a store are done, from the start on to their end', async () => {
  const scope = new Scope(silent);
  const [purged, scrubbed] = [createFake(2), createFake(3)];
  const chore = { name: 'scrub', everyMs: 3_600_000, pauseMs: 1, step: scrubbed.step };
  const store = { purge: purged.step, chores: [chore] };
  startMaintenance({ store, log: silent, scope, onPurge: () => undefined });
  await waitFor(() => purged.left === 0 && scrubbed.left === 0);
  await scope.close();
  expect([purged.looks, scrubbed.looks]).toEqual([2, 3]);
});
