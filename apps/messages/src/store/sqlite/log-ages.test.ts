import { ageOf, LogAges } from './log-ages';

function create() {
  let now = 1_000;
  const ages = new LogAges(() => now);
  return { ages, pass: (ms: number) => (now += ms) };
}

test('a position is reached when it was there long enough', () => {
  const { ages, pass } = create();
  expect(ages.reached(0)).toBe(0);
  ages.note(5);
  expect(ages.reached(0)).toBe(5);
  expect(ages.reached(100)).toBe(0);
  pass(60);
  ages.note(9);
  pass(40);
  expect(ages.reached(100)).toBe(5);
  pass(59);
  expect(ages.reached(100)).toBe(5);
  pass(1);
  expect(ages.reached(100)).toBe(9);
});

test('an age begins when the log was first seen to go beyond', () => {
  const { ages, pass } = create();
  ages.note(5);
  pass(70);
  ages.note(9);
  pass(30);
  expect([4, 5, 8, 9].map((pos) => ages.ageAfter(pos))).toEqual([100, 30, 30, 0]);
});

test('positions that follow closely are noted as one, later rather than earlier', () => {
  const { ages, pass } = create();
  ages.note(1);
  pass(10);
  ages.note(2);
  pass(50);
  ages.note(3);
  expect(ages.reached(50)).toBe(1);
  pass(50);
  expect(ages.reached(50)).toBe(3);
});

test('a lag is told although the times of the events are in the future', () => {
  const { ages, pass } = create();
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const log = { head: 2, firstAt: (pos: number) => (pos < 2 ? at : undefined) };
  expect(ageOf(log, ages, 0)).toBe(0);
  pass(7_000);
  expect(ageOf(log, ages, 0)).toBe(7);
  expect(ageOf(log, ages, 2)).toBe(0);
});
