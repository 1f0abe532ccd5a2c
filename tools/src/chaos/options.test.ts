import { findRoot } from '@agent-messenger/testkit';
import { UsageError } from '../command-line';
import { chaosOptions } from './options';
import { FAULTS, POSTGRES_FAULTS } from './schedule';

test('defaults', () => {
  expect(chaosOptions([])).toEqual({
    minutes: 2,
    seed: expect.any(Number),
    faults: FAULTS,
    pairs: 8,
    transport: 'both',
    store: 'sqlite',
    replicas: 1,
    pgbouncer: false,
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
    store: 'sqlite',
    replicas: 1,
    pgbouncer: false,
    json: true,
    help: false,
  });
});

test('with PostgreSQL there are two messages and more faults', () => {
  const options = chaosOptions(['--store', 'postgres']);
  expect(options).toMatchObject({ store: 'postgres', replicas: 2 });
  expect(options.faults).toEqual([...FAULTS, ...POSTGRES_FAULTS]);
});

test('with another build there is an upgrade', () => {
  const root = findRoot();
  const options = chaosOptions(['--upgrade-from', root]);
  expect(options).toMatchObject({ upgradeFrom: root, faults: [...FAULTS, 'upgrade'] });
});

test.each([
  [['--minute', '5'], "Unknown option '--minute'"],
  [['--minutes', '0'], '--minutes takes a number above 0'],
  [['--seed', 'x'], '--seed takes a whole number'],
  [['--seed', '4294967296'], '--seed takes a whole number'],
  [['--transport', 'polling'], '--transport takes socket.io, ws, both'],
  [['--faults', 'kill-postgres'], '--faults: "kill-postgres" is none of'],
  [['--faults', 'upgrade'], '--faults: "upgrade" is none of'],
  [['--store', 'files'], '--store takes sqlite or postgres'],
  [
    ['--upgrade-from', '/nowhere'],
    '--upgrade-from: /nowhere/apps/messages/dist/main.js is missing',
  ],
  [['--pgbouncer'], '--pgbouncer: it stands before --store postgres'],
  [['--replicas', '2'], 'several messages need --store postgres'],
  [['--faults', 'deploy,flood'], '--faults: "flood" is none of'],
])('%j is a usage error', (args, message) => {
  expect(() => chaosOptions(args)).toThrow(UsageError);
  expect(() => chaosOptions(args)).toThrow(message);
});
