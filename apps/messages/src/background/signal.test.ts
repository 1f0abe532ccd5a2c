import { createSignal } from './signal';

const FAR_MS = 60_000;

test('a waiting loop is woken', async () => {
  const signal = createSignal();
  const woken = signal.wait(FAR_MS);
  signal.notify();
  await woken;
});

test('what was notified before is not lost, and counts once', async () => {
  const signal = createSignal();
  signal.notify();
  signal.notify();
  await signal.wait(FAR_MS);
  await signal.wait(1);
});
