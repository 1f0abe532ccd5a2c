import { UsageError } from '../../command-line';
import { ratiosBenchOptions } from './options';
import { isMet, ROWS } from './rows';

test('by default all rows, beside no other build', () => {
  expect(ratiosBenchOptions([])).toEqual({
    rows: ROWS,
    rounds: 3,
    seconds: 10,
    json: false,
    help: false,
  });
});

test('some rows, beside another build', () => {
  expect(ratiosBenchOptions(['--row', 'load,push', '--against', '/other'])).toMatchObject({
    rows: ['load', 'push'],
    against: '/other',
  });
  expect(() => ratiosBenchOptions(['--row', 'load,pull'])).toThrow(UsageError);
});

test('an aim is a bound from either side', () => {
  const ratio = { what: '', ours: '', beside: '', value: 1 };
  const met = (aim: { most: number } | { least: number } | undefined) => isMet({ ...ratio, aim });
  expect([met({ most: 1 }), met({ most: 0.9 }), met({ least: 1 }), met({ least: 1.1 })]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(met(undefined)).toBeUndefined();
});
