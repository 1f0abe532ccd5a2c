import { createReservedNumbers } from './reserved-numbers';

/** Numbers, what was committed of their ceiling, and transactions that use some of them. */
function create(start: number) {
  let stored = start;
  let writes = 0;
  let inTransaction = start;
  const numbers = createReservedNumbers(start, (ceiling) => {
    writes += 1;
    inTransaction = ceiling;
  });
  return {
    numbers,
    stored: () => stored,
    writes: () => writes,
    transaction(uses: number, { fails = false, closes = false } = {}) {
      inTransaction = stored;
      const used = Array.from({ length: uses }, () => numbers.next());
      numbers.save(closes);
      if (fails) {
        numbers.undone?.();
      } else {
        stored = inTransaction;
        numbers.saved();
      }
      return used;
    },
  };
}

test('the ceiling is never below what was committed, and seldom written', () => {
  const { numbers, stored, writes, transaction } = create(40);
  expect(numbers.last()).toBe(40);
  expect(transaction(2)).toEqual([41, 42]);
  for (let n = 0; n < 5_000; n += 1) {
    const [used = 0] = transaction(1);
    expect(stored()).toBeGreaterThanOrEqual(used);
  }
  expect(numbers.last()).toBe(5_042);
  expect(writes()).toBeLessThan(10);
});

test('after a start they go on from the ceiling', () => {
  const before = create(0);
  const [used = 0] = before.transaction(1);
  const [next = 0] = create(before.stored()).transaction(1);
  expect(next).toBeGreaterThan(used);
});

test('who closes leaves no gap', () => {
  const before = create(0);
  before.transaction(3);
  before.transaction(0, { closes: true });
  expect(create(before.stored()).transaction(1)).toEqual([4]);
});

test('what was rolled back is not the last: after a crash it is given out again', () => {
  const { numbers, stored, transaction } = create(40);
  transaction(3, { fails: true });
  expect(numbers.last()).toBe(40);
  expect(stored()).toBe(40);
  transaction(1);
  expect(numbers.last()).toBe(44);
});

test('a ceiling that was rolled back is written with the next commit', () => {
  const { stored, transaction } = create(0);
  expect(transaction(1, { fails: true })).toEqual([1]);
  expect(stored()).toBe(0);
  expect(transaction(1)).toEqual([2]);
  expect(stored()).toBeGreaterThanOrEqual(2);
});
