import { UsageError } from '../command-line';
import { chaosOptions } from './options';
import { FAULTS } from './schedule';

test('defaults', () => {
  expect(chaosOptions([])).toEqual({
    minutes: 2,
    seed: expect.any(Number),
    faults: FAULTS,
    pairs: 8,
    transport: 'both',
    json: false,
    help: false,
  });
});

test('a date is a seed', () => {
  expect(chaosOptions(['--seed', '20261122']).seed).toBe(20_261_122);
});

test('all options', () => {
  const args = ['--minutes', '0.5', '--seed', '0', '--pairs', '3', '--json', '--transport', 'ws'];
  expect(chaosOptions([...args, '--faults', 'deploy,partition'])).toEqual({
    minutes: 0.5,
    seed: 0,
    faults: ['deploy', 'partition'],
    pairs: 3,
    transport: 'ws',
    json: true,
    help: false,
  });
});

test.each([
  [['--minute', '5'], "Unknown option '--minute'"],
  [['--minutes', '0'], '--minutes takes a number above 0'],
  [['--seed', 'x'], '--seed takes a whole number'],
  [['--seed', '4294967296'], '--seed takes a whole number'],
  [['--transport', 'polling'], '--transport takes socket.io, ws, both'],
  [['--faults', 'deploy,flood'], '--faults: "flood" is none of'],
])('%j is a usage error', (args, message) => {
  expect(() => chaosOptions(args)).toThrow(UsageError);
  expect(() => chaosOptions(args)).toThrow(message);
});
