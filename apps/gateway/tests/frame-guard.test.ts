import type { Socket } from 'node:net';
import { metricOf, waitFor } from '@agent-messenger/testkit';
import { deferred } from './fakes';
import type { Harness, TestGateway } from './harness';
import { connectionsOf, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ FRAMES_PER_MINUTE: '100' });
});
afterAll(() => harness.close());

const held = { conversation_id: 'cnv_held', content: 'hi' };
const transports = {
  'Socket.IO': {
    stranger: () => RawSocket.open(gateway),
    known: (id: string) => RawSocket.person(gateway, harness.token(id)),
    request: (id: number) => `42/client,${id}["nope",{}]`,
    answer: (id: number) => `43/client,${id}[`,
    send: (id: number) =>
      `42/client,${id}["message:send",${JSON.stringify({ ...held, client_id: `c-${id}` })}]`,
  },
  'plain WebSocket': {
    stranger: () => RawSocket.connect(gateway, '/client/connect'),
    known: (id: string) => RawSocket.plainPerson(gateway, harness.token(id)),
    request: (id: number) => JSON.stringify({ type: 'nope', data: {}, id }),
    answer: (id: number) => `"id":${id},`,
    send: (id: number) =>
      JSON.stringify({ type: 'message:send', id, data: { ...held, client_id: `p-${id}` } }),
  },
};

/** Frames of a client are masked; these with a mask of zeros. */
function frame(firstByte: number, payload = ''): Buffer {
  return Buffer.concat([
    Buffer.from([firstByte, 0x80 | payload.length, 0, 0, 0, 0]),
    Buffer.from(payload),
  ]);
}
const PING = 0x89;
const PONG = 0x8a;
const FRAGMENT = 0x01;

function tcpOf({ socket }: RawSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

/** So many of the same in one piece. */
function flood(raw: RawSocket, one: Buffer, count: number): void {
  tcpOf(raw).write(Buffer.concat(Array.from({ length: count }, () => one)));
}

/** Counts from now on. */
function pongsOf(raw: RawSocket): () => number {
  let pongs = 0;
  raw.socket.on('pong', () => (pongs += 1));
  return () => pongs;
}

describe.each(Object.entries(transports))('%s', (name, peer) => {
  const { stranger, known, request, answer, send } = peer;

  test('what is asked beyond what may wait for answers is left with the peer, and answered later', async () => {
    const patient = await harness.gateway({
      SENDS_PER_MINUTE: '100000',
      SENDS_PER_MINUTE_IP: '100000',
      // 4,000 would be refused; as it is, a few of what was read at once.
      REFUSALS_PER_MINUTE: '2500',
    });
    harness.store.addConversation('cnv_held', ['usr_8']);
    const commit = deferred<void>();
    const committing = jest.fn(() => commit.promise);
    harness.store.committing = committing;
    const raw =
      name === 'Socket.IO'
        ? await RawSocket.person(patient, harness.token('usr_8'))
        : await RawSocket.plainPerson(patient, harness.token('usr_8'));
    raw.send(send(0));
    // What is in the append under way is not waiting.
    await waitFor(() => committing.mock.calls.length > 0);
    for (let id = 1; id < 5_000; id += 1) raw.send(send(id));
    await waitFor(
      async () => (await metricOf(patient, 'gateway_append_waiting_operations')) >= 800,
    );
    commit.resolve();
    await raw.frame((text) => text.includes(answer(4_999)));
    expect(raw.frames.join()).not.toContain('"closing"');
    raw.socket.close();
    harness.store.committing = () => Promise.resolve();
  });

  test.each([
    ['pings', frame(PING, 'x'.repeat(125))],
    ['pongs', frame(PONG)],
    ['fragments', frame(FRAGMENT)],
  ])(
    'a stranger that sends %s is closed with 1008, and answered next to nothing',
    async (_what, one) => {
      const raw = await stranger();
      const pongs = pongsOf(raw);
      flood(raw, one, 20_000);
      // Fragments of a new message within another are no WebSocket any more.
      expect([1008, 1002]).toContain(await raw.closed());
      expect(pongs()).toBeLessThanOrEqual(32);
    },
  );

  test('a stranger that takes no answer is cut like any other', async () => {
    const before = await connectionsOf(gateway);
    const raw = await stranger();
    raw.stopReading();
    const timer = setInterval(() => flood(raw, frame(PING, 'x'.repeat(125)), 1_000), 10);
    await waitFor(() => tcpOf(raw).destroyed).finally(() => clearInterval(timer));
    expect(await connectionsOf(gateway)).toBe(before);
  });

  test('a stranger may send so little in all', async () => {
    const raw = await stranger();
    raw.socket.send('x'.repeat(8 * 1024), { fin: false });
    raw.socket.send('x'.repeat(8 * 1024), { fin: false });
    raw.socket.send('x'.repeat(8 * 1024 + 1), { fin: false });
    expect(await raw.closed()).toBe(1008);
  });

  test('a few pings are answered, of strangers and of others', async () => {
    for (const raw of [await stranger(), await known('usr_1')]) {
      const pongs = pongsOf(raw);
      flood(raw, frame(PING), 10);
      await waitFor(() => pongs() === 10);
      raw.socket.close();
    }
  });

  test('who is known is closed beyond its budget, told when to come back', async () => {
    const raw = await known('usr_2');
    const pongs = pongsOf(raw);
    flood(raw, frame(PONG), 101);
    await raw.closed();
    expect(raw.frames.join()).toMatch(/"closing".*"code":"rate_limited".*"retry_after_ms":\d+/);
    expect(pongs()).toBe(0);
  });

  test('requests are not of that budget, nor are the pieces of large ones', async () => {
    const raw = await known('usr_3');
    for (let id = 0; id < 300; id += 1) raw.send(request(id));
    await raw.frame((text) => text.includes(answer(299)));
    const large = request(300).replace('{}', JSON.stringify('x'.repeat(200 * 1024)));
    for (let at = 0; at < large.length; at += 1_024) {
      raw.socket.send(large.slice(at, at + 1_024), { fin: at + 1_024 >= large.length });
    }
    await raw.frame((text) => text.includes(answer(300)));
    expect(raw.closeCode).toBeUndefined();
    raw.socket.close();
  });

  test('what is sent faster than it may be is read later, all of it', async () => {
    const slow = await harness.gateway({ FRAME_BYTES_PER_SECOND: '100000' });
    const raw =
      name === 'Socket.IO'
        ? await RawSocket.person(slow, harness.token('usr_4'))
        : await RawSocket.plainPerson(slow, harness.token('usr_4'));
    const from = performance.now();
    const large = (id: number) => request(id).replace('{}', JSON.stringify('x'.repeat(50_000)));
    for (let id = 0; id < 12; id += 1) raw.send(large(id));
    await raw.frame((text) => text.includes(answer(11)));
    // 600 kB, of which 400 at once.
    expect(performance.now() - from).toBeGreaterThan(1_000);
    raw.socket.close();
  });
});

test.each([
  ['acks of nothing', () => Array.from({ length: 102 }, (_, id) => `43/client,${id}[]`)],
  ['packets of Engine.IO', () => Array.from({ length: 102 }, () => '6')],
])('Socket.IO: %s are counted', async (_what, frames) => {
  const raw = await transports['Socket.IO'].known('usr_5');
  for (const text of frames()) raw.send(text);
  await raw.closed();
  expect(raw.frames.join()).toContain('"code":"rate_limited"');
});

test('Socket.IO: attachments are counted, and large ones end the connection', async () => {
  const raw = await transports['Socket.IO'].known('usr_6');
  const withOne = () => {
    raw.send('451-/client,["nope",{"_placeholder":true,"num":0}]');
    raw.send(Buffer.from('small'));
  };
  for (let n = 0; n < 101; n += 1) withOne();
  await raw.closed();
  expect(raw.frames.join()).toContain('"code":"rate_limited"');
  const large = await transports['Socket.IO'].known('usr_7');
  large.send('451-/client,["nope",{"_placeholder":true,"num":0}]');
  large.send(Buffer.alloc(20_000));
  await large.closed();
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
