import { CircuitBreaker } from './circuit-breaker';

function createBreaker() {
  const clock = { ms: 0 };
  const changes: boolean[] = [];
  const breaker = new CircuitBreaker({
    failures: 3,
    firstMs: 1_000,
    longestMs: 3_000,
    now: () => clock.ms,
    onChange: (open) => changes.push(open),
  });
  return { clock, changes, breaker };
}

test('opens after failures in a row, and closes after a trial that succeeds', () => {
  const { clock, changes, breaker } = createBreaker();
  breaker.fail();
  breaker.fail();
  breaker.succeed();
  breaker.fail();
  breaker.fail();
  expect(breaker.enter()).toBe(0);
  breaker.fail();
  expect(breaker.enter()).toBe(1_000);
  clock.ms = 1_000;
  expect(breaker.waitMs()).toBe(0);
  expect(breaker.enter()).toBe(0);
  // While one tries, the others wait.
  expect(breaker.enter()).toBeGreaterThan(0);
  breaker.succeed();
  expect(breaker.enter()).toBe(0);
  expect(changes).toEqual([true, false]);
});

test('a trial that fails opens it for longer, up to a bound', () => {
  const { clock, breaker } = createBreaker();
  breaker.fail({ atOnce: true });
  for (const next of [2_000, 3_000, 3_000]) {
    clock.ms += breaker.waitMs();
    expect(breaker.enter()).toBe(0);
    breaker.fail();
    expect(breaker.waitMs()).toBe(next);
  }
});

test('does what the provider asks for, at once', () => {
  const { clock, breaker } = createBreaker();
  breaker.fail({ retryAfterMs: 10_000 });
  expect(breaker.waitMs()).toBe(10_000);
  // Sends that were under way when it opened say nothing new.
  breaker.fail();
  expect(breaker.waitMs()).toBe(10_000);
  clock.ms = 10_000;
  expect(breaker.waitMs()).toBe(0);
});
