import { UsageError } from '../command-line';
import { benchOptions } from './options';

test('defaults', () => {
  expect(benchOptions([])).toEqual({
    pairs: 50,
    seconds: 10,
    gateways: 2,
    transport: 'socket.io',
    store: 'sqlite',
    replicas: 1,
    baseline: false,
    besideSqlite: false,
    running: false,
    json: false,
    help: false,
  });
});

test('all options', () => {
  const args = ['--pairs', '2', '--seconds', '3', '--gateways', '1', '--baseline', '--json'];
  args.push('--transport', 'ws');

  expect(benchOptions([...args, '--cpu-prof', 'profiles'])).toEqual({
    pairs: 2,
    seconds: 3,
    gateways: 1,
    transport: 'ws',
    store: 'sqlite',
    replicas: 1,
    baseline: true,
    besideSqlite: false,
    running: false,
    json: true,
    help: false,
    cpuProf: 'profiles',
  });
});

test.each([
  [['--pears', '5'], "Unknown option '--pears'"],
  [['--pairs', '0'], '--pairs takes a whole number from 1 to 5000'],
  [['--seconds', '1.5'], '--seconds takes a whole number'],
  [['--transport', 'polling'], '--transport takes socket.io or ws'],
  [['extra'], "Unexpected argument 'extra'"],
])('%j is a usage error', (args, message) => {
  expect(() => benchOptions(args)).toThrow(UsageError);
  expect(() => benchOptions(args)).toThrow(message);
});
