import type { Entry } from './history';
import { checkLeases, checkPresence } from './presence';

const expectOnline = (online: boolean, at = 0): Entry => ({
  type: 'expect',
  identity: 'ann',
  online,
  at,
});
const told = (status: string, source: 'event' | 'answer' = 'event'): Entry => ({
  type: 'presence',
  watcher: 'bob',
  identity: 'ann',
  status,
  source,
  at: 1,
});

test.each(['online', 'busy', 'idle'])('%s is online', (status) => {
  expect(checkPresence([told('offline'), told(status), expectOnline(true)])).toEqual([]);
});

test('what was told last counts each time, by events and by answers', () => {
  const history = [told('online'), expectOnline(true), told('offline'), expectOnline(false)];
  expect(checkPresence(history)).toEqual([]);
  const answered = [...history, told('online', 'answer'), expectOnline(false)];
  expect(checkPresence(answered)).toMatchObject([
    { message: 'bob was last told (answer) that ann is online; it is offline' },
  ]);
});

test('a ghost and a missing one', () => {
  expect(checkPresence([told('offline'), told('online'), expectOnline(false)])).toHaveLength(1);
  expect(checkPresence([told('offline'), expectOnline(true)])).toHaveLength(1);
});

test('the lease of a connected identity names its last connection', () => {
  const connected = (connection_id: string | null): Entry => ({
    type: 'connected',
    identity: 'ann',
    connection: 'ann/1',
    connection_id,
    at: 0,
  });
  const lease = (connection_id: string): Entry => ({
    type: 'lease',
    identity: 'ann',
    gateway: 'g',
    connection_id,
    epoch: 1,
    at: 0,
  });
  const history = [connected('1'), lease('1'), connected('2')];
  expect(checkLeases([...history, lease('2'), expectOnline(true)])).toEqual([]);
  expect(checkLeases([...history, expectOnline(false)])).toEqual([]);
  expect(checkLeases([...history, expectOnline(true)])).toMatchObject([
    { message: 'the lease of ann names 1, connected is 2' },
  ]);
  expect(checkLeases([connected('1'), expectOnline(true)])).toHaveLength(1);
  // Not told which one: then that there is one is all that can be asked for.
  expect(checkLeases([connected(null), lease('3'), expectOnline(true)])).toEqual([]);
});
