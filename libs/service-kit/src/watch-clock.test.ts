import { Registry } from 'prom-client';
import { createLogger } from './logger';
import { Scope } from './scope';
import { watchClock } from './watch-clock';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a clock that is set is told; one that runs, or is slewed, is not', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'info', destination });
  const scope = new Scope(log);
  const metrics = new Registry();
  let [wall, monotonic] = [1_900_000_000_000, 5_000];
  const clock = watchClock({
    log,
    metrics,
    scope,
    wall: () => wall,
    monotonic: () => monotonic,
  });
  const steps: number[] = [];
  clock.onStep((stepMs) => steps.push(stepMs));
  const pass = (wallMs: number) => {
    wall += wallMs;
    monotonic += 1_000;
    jest.advanceTimersByTime(1_000);
  };
  for (let n = 0; n < 3_000; n += 1) pass(1_000.5);
  expect(steps).toEqual([]);
  pass(1_000 - 3_600_000);
  pass(1_000);
  pass(61_000);
  expect(steps.map(Math.round)).toEqual([-3_600_000, 60_000]);
  expect(lines.filter((line) => line.includes('the clock was set'))).toHaveLength(2);
  expect(await metrics.getSingleMetric('clock_steps_total')?.get()).toMatchObject({
    values: [
      { labels: { direction: 'back' }, value: 1 },
      { labels: { direction: 'forward' }, value: 1 },
    ],
  });
  await scope.close();
  expect(jest.getTimerCount()).toBe(0);
});
