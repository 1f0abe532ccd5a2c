import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { startPurger } from '../src/purger';
import { startScrubber } from '../src/scrubber';
import { silent } from './temp-store';

/** A store with so many steps to purge. */
function createFake(steps: number) {
  const fake = {
    left: steps,
    looks: 0,
    async purge() {
      fake.looks += 1;
      fake.left = Math.max(0, fake.left - 1);
      return fake.left > 0;
    },
  };
  return fake;
}

test('what was left is removed at the start, and more when it is woken', async () => {
  const store = createFake(3);
  const purger = startPurger({ store, log: silent });
  await waitFor(() => store.left === 0);
  store.left = 2;
  purger.wake();
  await waitFor(() => store.left === 0);
  await purger.stop();
});

test('it looks by itself from time to time, for what has expired', async () => {
  const store = createFake(0);
  const purger = startPurger({ store, log: silent, idleMs: 5 });
  await waitFor(() => store.looks > 3);
  await purger.stop();
});

test('it stops in the middle, and lets the event loop run meanwhile', async () => {
  const store = createFake(Infinity);
  const purger = startPurger({ store, log: silent });
  await waitFor(() => store.looks > 2);
  await purger.stop();
  expect(store.left).toBe(Infinity);
});

test('a step that fails is tried again', async () => {
  const store = createFake(2);
  let failures = 2;
  const failing = {
    async purge() {
      if (failures > 0) {
        failures -= 1;
        throw new Error('disk full');
      }
      return store.purge();
    },
  };
  const purger = startPurger({ store: failing, log: silent });
  await waitFor(() => store.left === 0);
  await purger.stop();
});

test('every step that removed something is told, the last look is not', async () => {
  const store = createFake(3);
  let told = 0;
  const purger = startPurger({ store, log: silent, onStep: () => (told += 1) });
  await waitFor(() => store.looks === 3);
  await purger.stop();
  expect(told).toBe(2);
});

test('free space is scrubbed from the start on, to its end', async () => {
  const scope = new Scope(silent);
  const fake = createFake(3);
  startScrubber({ store: { scrub: () => fake.purge() }, log: silent, scope });
  await waitFor(() => fake.left === 0);
  await scope.close();
  expect(fake.looks).toBe(3);
});
