import { RunDeadline } from './run-deadline';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('passes after so much time in which it was not suspended', async () => {
  const passed = jest.fn();
  const deadline = new RunDeadline(100, passed);
  jest.advanceTimersByTime(60);
  let end: () => void = () => undefined;
  const waiting = deadline.suspend(() => new Promise<void>((resolve) => (end = resolve)));
  jest.advanceTimersByTime(10_000);
  end();
  await waiting;
  jest.advanceTimersByTime(39);
  expect(passed).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  expect(passed).toHaveBeenCalledTimes(1);
});

it('leaves no timer behind when the run is over before what it waited for', async () => {
  const deadline = new RunDeadline(100, () => undefined);
  let end: () => void = () => undefined;
  const waiting = deadline.suspend(() => new Promise<void>((resolve) => (end = resolve)));
  deadline.stop();
  end();
  await waiting;
  expect(jest.getTimerCount()).toBe(0);
});
