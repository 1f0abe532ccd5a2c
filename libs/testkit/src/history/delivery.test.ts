import { checkHistory } from './check-history';
import {
  checkEverythingAnswered,
  checkNothingDoubled,
  checkNothingLost,
  checkReceivedInOrder,
  checkSentInOrder,
} from './delivery';
import { Recorder, type Entry, type EntryInput } from './history';

const conversation = 'c';

function history(...entries: EntryInput[]): Entry[] {
  let now = 0;
  const recorder = new Recorder(() => now);
  for (const entry of entries) {
    now += 1;
    recorder.record(entry);
  }
  return recorder.entries;
}
const send = (client_id: string, sender = 'ann/1'): EntryInput => ({
  type: 'send',
  conversation,
  identity: 'ann',
  sender,
  client_id,
});
const ack = (client_id: string, seq: number): EntryInput => ({
  type: 'ack',
  conversation,
  identity: 'ann',
  client_id,
  seq,
});
const device = (name: string): EntryInput => ({
  type: 'device',
  device: name,
  identity: name,
  conversation,
});
const receive = (session: string, seq: number, client_id: string | null = null): EntryInput => ({
  type: 'receive',
  conversation,
  device: session.split('/')[0] ?? '',
  session,
  seq,
  client_id,
});
const load = (name: string, seq: number, client_id: string): EntryInput => ({
  type: 'load',
  conversation,
  device: name,
  seq,
  client_id,
});

test('a clean history breaks no rule', () => {
  const clean = history(
    device('ann'),
    device('bob'),
    receive('bob/1', 1),
    send('x'),
    ack('x', 2),
    receive('bob/1', 2, 'x'),
    receive('ann/1', 2, 'x'),
    { type: 'log', conversation, events: [event(1), event(2, 'x')] },
  );
  expect(checkHistory(clean)).toEqual([]);
});
const event = (seq: number, client_id: string | null = null) => ({ seq, client_id });

describe('nothing acked is lost', () => {
  test('received, or read from the history, is not lost', () => {
    const entries = history(
      device('bob'),
      device('carl'),
      send('x'),
      ack('x', 2),
      receive('bob/1', 2, 'x'),
      load('carl', 2, 'x'),
    );
    expect(checkNothingLost(entries)).toEqual([]);
  });

  test('what was not acked may be missing', () => {
    expect(checkNothingLost(history(device('bob'), send('x')))).toEqual([]);
  });

  test('acked and missing on one device is lost', () => {
    const entries = history(
      device('bob'),
      device('carl'),
      send('x'),
      ack('x', 2),
      receive('bob/1', 2, 'x'),
    );
    expect(checkNothingLost(entries)).toEqual([
      {
        rule: 'nothing acked is lost',
        message: 'x (seq 2) was acked and never reached carl',
        about: 'c',
        at: 4,
      },
    ]);
  });
});

describe('nothing is delivered twice', () => {
  test('a new session of a device may get again what the device has', () => {
    const entries = history(
      receive('bob/1', 2, 'x'),
      load('bob', 2, 'x'),
      receive('bob/2', 2, 'x'),
    );
    expect(checkNothingDoubled(entries)).toEqual([]);
  });

  test('an event twice in a session is doubled', () => {
    const entries = history(receive('bob/1', 2, 'x'), receive('bob/1', 2, 'x'));
    expect(checkNothingDoubled(entries)).toMatchObject([{ message: 'bob/1 got event 2 twice' }]);
  });

  test('a message at two positions is doubled', () => {
    const entries = history(receive('bob/1', 2, 'x'), receive('bob/1', 3, 'x'));
    expect(checkNothingDoubled(entries)).toMatchObject([{ message: 'bob has x at 2 and at 3' }]);
  });
});

describe('events arrive in order', () => {
  test('one after the other, from wherever a session begins', () => {
    const entries = history(receive('bob/1', 4), receive('bob/1', 5), receive('bob/2', 3));
    expect(checkReceivedInOrder(entries)).toEqual([]);
  });

  test.each([
    ['a gap', [4, 6]],
    ['a step back', [4, 5, 3]],
  ])('%s is not in order', (_name, seqs) => {
    const entries = history(...seqs.map((seq) => receive('bob/1', seq)));
    expect(checkReceivedInOrder(entries)).toMatchObject([{ about: 'c' }]);
  });
});

describe('acked in the order of sending', () => {
  test('of one sender; gaps and other senders do not matter', () => {
    const entries = history(
      send('x'),
      send('y'),
      send('z'),
      send('other', 'ann/2'),
      ack('other', 2),
      ack('x', 3),
      ack('z', 7),
    );
    expect(checkSentInOrder(entries)).toEqual([]);
  });

  test('a later send at an earlier position is out of order', () => {
    const entries = history(send('x'), send('y'), ack('y', 2), ack('x', 3));
    expect(checkSentInOrder(entries)).toMatchObject([
      { message: 'ann/1 sent x first, but y is at 2, before 3' },
    ]);
  });
});

describe('every send is answered', () => {
  test('by an ack or a refusal; a bare connection may be lost with the answer', () => {
    const refused: EntryInput = {
      type: 'refused',
      conversation,
      identity: 'ann',
      client_id: 'y',
      code: 'replaced',
    };
    const bare: EntryInput = {
      type: 'send',
      conversation,
      identity: 'ann',
      sender: 'ann#1',
      client_id: 'z',
      connection: 'ann#1',
    };
    const entries = history(send('x'), send('y'), ack('x', 2), refused, bare);
    expect(checkEverythingAnswered(entries)).toEqual([]);
  });

  test('silence is a violation', () => {
    expect(checkEverythingAnswered(history(send('x')))).toMatchObject([
      { message: 'x of ann/1 was never answered' },
    ]);
  });
});
