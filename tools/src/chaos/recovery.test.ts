import type { Entry } from '@agent-messenger/testkit';
import { acknowledgements, longestSend, recoveries, roundTrips } from './recovery';

const agents = new Set(['agent']);
const pair = { conversation: 'c', members: ['ann', 'agent'] };

function exchange(clientId: string, sentAt: number, answeredAt: number): Entry[] {
  const receive = { type: 'receive', conversation: 'c', session: '', seq: 1 } as const;
  return [
    {
      type: 'send',
      conversation: 'c',
      identity: 'ann',
      sender: '',
      client_id: clientId,
      at: sentAt,
    },
    // The agent's own answer comes to the agent too.
    { ...receive, device: 'agent', client_id: `${clientId}:re`, at: sentAt + 1 },
    { ...receive, device: 'phone', client_id: `${clientId}:re`, at: answeredAt },
    { ...receive, device: 'laptop', client_id: `${clientId}:re`, at: answeredAt + 500 },
  ];
}

test('a round trip ends with the first arrival of the answer at the person', () => {
  expect(roundTrips(exchange('x', 10, 30), agents)).toEqual([
    { conversation: 'c', sentAt: 10, answeredAt: 30 },
  ]);
});

test('recovery is the longest wait, counted from the fault, of what was under way or sent during it', () => {
  const history = [
    ...exchange('before', 0, 50),
    ...exchange('under-way', 90, 1_600),
    ...exchange('during', 200, 1_650),
    ...exchange('after', 2_000, 9_000),
  ];
  const window = { begin: 100, end: 1_000, recovered: 1_700 };
  const trips = roundTrips(history, agents);
  expect(recoveries(history, trips, window, [pair])).toEqual([{ hit: true, ms: 1_500 }]);
});

test('who keeps the connection and gets answers is not hit; who loses it is', () => {
  const history = exchange('x', 150, 170);
  const window = { begin: 100, end: 200, recovered: 300 };
  const trips = roundTrips(history, agents);
  expect(recoveries(history, trips, window, [pair])).toEqual([{ hit: false, ms: 20 }]);

  const lost: Entry = {
    type: 'disconnected',
    identity: 'agent',
    connection: '',
    reason: '',
    at: 160,
  };
  expect(recoveries([...history, lost], trips, window, [pair])).toEqual([{ hit: true, ms: 20 }]);
});

test('of sends that wait for each other each has the wait for its own ack; a stream takes its time', () => {
  const about = { conversation: 'c', identity: 'agent' } as const;
  const send = (client_id: string, at: number): Entry => ({
    ...{ type: 'send', ...about, sender: '', client_id, at },
  });
  const ack = (client_id: string, at: number): Entry => ({
    ...{ type: 'ack', ...about, client_id, seq: 1, at },
  });
  const history: Entry[] = [
    ...['x', 'y', 'streamed'].map((id) => send(id, 100)),
    { type: 'stream', conversation: 'c', session: '', stream_id: 'streamed', text: '', at: 150 },
    ack('x', 400),
    ack('y', 450),
    ack('streamed', 9_000),
  ];
  expect(acknowledgements(history)).toEqual([
    { conversation: 'c', sentAt: 100, ackedAt: 400 },
    { conversation: 'c', sentAt: 400, ackedAt: 450 },
  ]);
});

test('a send waits for its own ack, counted from the fault', () => {
  const send = { type: 'send', conversation: 'c', sender: '' } as const;
  const ack = { type: 'ack', conversation: 'c', seq: 1 } as const;
  const history: Entry[] = [
    { ...send, identity: 'ann', client_id: 'x', at: 50 },
    { ...send, identity: 'agent', client_id: 'x', at: 120 },
    { ...ack, identity: 'agent', client_id: 'x', at: 130 },
    { ...ack, identity: 'ann', client_id: 'x', at: 400 },
    { ...ack, identity: 'ann', client_id: 'x', at: 5_000 },
    { ...send, identity: 'ann', client_id: 'never', at: 150 },
  ];
  const acks = acknowledgements(history);
  expect(acks).toEqual([
    { conversation: 'c', sentAt: 120, ackedAt: 130 },
    { conversation: 'c', sentAt: 50, ackedAt: 400 },
  ]);
  const window = { begin: 100, end: 200, recovered: 300 };
  expect(longestSend(acks, { window, pairs: [pair] })).toBe(300);
  // Whom the fault cannot reach has other reasons to wait.
  expect(longestSend(acks, { window, pairs: [] })).toBeNull();
  const later = { begin: 600, end: 700, recovered: 800 };
  expect(longestSend(acks, { window: later, pairs: [pair] })).toBeNull();
});
