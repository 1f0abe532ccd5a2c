import type { Entry } from './history';
import { checkEpochs, checkOneCurrent } from './one-current';

const identity = 'ann';

function connection(name: string, begunAt: number, connectedAt: number): Entry[] {
  return [
    { type: 'connecting', identity, connection: name, at: begunAt },
    { type: 'connected', identity, connection: name, connection_id: `id-${name}`, at: connectedAt },
  ];
}
function write(name: string, sentAt: number, ackedAt: number | null = sentAt + 1): Entry[] {
  const client_id = `${name}-${sentAt}`;
  const common = { conversation: 'c', identity, client_id };
  return [
    { ...common, type: 'send', sender: name, connection: name, at: sentAt },
    ...(ackedAt === null ? [] : [{ ...common, type: 'ack', seq: sentAt, at: ackedAt } as const]),
  ];
}

test('the newest writes; what the older one sent before that may still be acked', () => {
  const history = [
    ...connection('old', 0, 10),
    ...write('old', 20),
    ...connection('new', 30, 40),
    ...write('old', 39, 60),
    ...write('old', 50, null),
    ...write('new', 51),
  ];
  expect(checkOneCurrent(history)).toEqual([]);
});

test('an older one that writes after the newer was connected', () => {
  const history = [
    ...connection('old', 0, 10),
    ...connection('new', 30, 40),
    ...write('new', 45, null),
    ...write('old', 50),
  ];
  // What the newer never wrote does not matter.
  expect(checkOneCurrent([...history, ...write('new', 46)])).toEqual([
    {
      rule: 'one current connection',
      message: 'old was superseded by new and wrote old-50 after that',
      about: 'ann',
      at: 50,
    },
  ]);
  expect(checkOneCurrent(history)).toHaveLength(1);
});

test('of two that connect at the same time either may win', () => {
  const both = [...connection('a', 0, 20), ...connection('b', 10, 30)];
  expect(checkOneCurrent([...both, ...write('a', 40)])).toEqual([]);
  expect(checkOneCurrent([...both, ...write('b', 40)])).toEqual([]);
});

test('of two that connect at the same time not both win', () => {
  const history = [
    ...connection('a', 0, 20),
    ...connection('b', 10, 30),
    ...write('a', 40),
    ...write('b', 35),
  ];
  expect(checkOneCurrent(history)).toMatchObject([
    { message: 'a wrote a-40 and b wrote b-35 while both were connected' },
  ]);
});

test('an epoch belongs to one connection', () => {
  const connected = [...connection('a', 0, 1), ...connection('b', 2, 3)];
  const lease = (name: string, epoch: number, at: number): Entry => ({
    type: 'lease',
    identity,
    gateway: 'g',
    connection_id: `id-${name}`,
    epoch,
    at,
  });
  const right = [...connected, lease('a', 1, 1), lease('a', 1, 2), lease('b', 2, 3)];
  expect(checkEpochs(right)).toEqual([]);
  // A connection that never was connected has no say: the store has refused it.
  expect(checkEpochs([...right, lease('refused', 2, 4)])).toEqual([]);
  expect(checkEpochs([...right, lease('a', 2, 5)])).toMatchObject([
    { message: 'id-b and id-a both had epoch 2' },
  ]);
});
