import type { RequestName } from '@agent-messenger/contracts';
import { CLOSE_STATUS, requests } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import type { Harness, TestGateway } from './harness';
import { AGENT, API_KEY, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());

const MEBIBYTE = 1024 * 1024;
const conversation_id = 'cnv_1' as const;

interface Frame {
  type: string;
  data: unknown;
  id?: string | number;
}

const open = (identityId = 'usr_1') => RawSocket.plainPerson(gateway, harness.token(identityId));

/** Frames of a type, as they came. */
function framesOf(raw: RawSocket, type: string): Frame[] {
  return raw.frames.map((text) => JSON.parse(text) as Frame).filter((frame) => frame.type === type);
}

/** The answer to a request of this id; the request before it has been carried out by then. */
async function answer(raw: RawSocket, id: string | number): Promise<unknown> {
  return waitFor(() => framesOf(raw, 'ack').find((frame) => frame.id === id)?.data, {
    intervalMs: 5,
  });
}

async function stillServed(raw: RawSocket): Promise<void> {
  raw.send('{"type":"received","data":{"conversation_id":"cnv_1","seq":1},"id":"served?"}');
  expect(await answer(raw, 'served?')).toEqual({ ok: true });
}

test('a person and an agent talk, each on an own transport', async () => {
  const agent = await harness.plain(gateway, '/agent', { api_key: API_KEY }).synced();
  const person = await harness.person(gateway, 'usr_1');
  const asked = await person.send(conversation_id, 'q', 'How are you?');
  expect(await agent.when('event')).toMatchObject({ message: { content: 'How are you?' } });
  const answered = await agent.send(conversation_id, 'a', 'Fine.');
  await person.when('event', ({ seq }) => seq === answered.message.seq);
  // Own messages come as events too.
  await agent.when('event', ({ seq }) => seq === answered.message.seq);
  expect(agent.events.map(({ seq }) => seq)).toEqual(
    [asked, answered].map((one) => one.message.seq),
  );

  await person.request('typing', { conversation_id, typing: true });
  await agent.when('typing', ({ identity_id, typing }) => identity_id === 'usr_1' && typing);
  await person.request('read', { conversation_id, seq: answered.message.seq });
  await agent.when('receipt', ({ read_seq }) => read_seq === answered.message.seq);
});

test.each(Object.keys(requests) as RequestName[])(
  '%s goes through the dispatch that Socket.IO uses',
  async (name) => {
    const kinds = [
      [await harness.plain(gateway, '/client', { token: harness.token('usr_1') }).synced(), 'user'],
      [await harness.plain(gateway, '/agent', { api_key: API_KEY }).synced(), 'agent'],
    ] as const;
    for (const [socket, kind] of kinds) {
      const code = (requests[name].from as readonly string[]).includes(kind)
        ? 'invalid_payload'
        : 'forbidden';
      expect(await socket.raw(name, { nonsense: true })).toMatchObject({
        ok: false,
        error: { code, message: expect.any(String) as string },
      });
      expect(await socket.raw(name)).toMatchObject({ ok: false, error: { code } });
    }
  },
);

test('ids are strings or numbers, and come back as they are; without one there is no answer', async () => {
  const raw = await open();
  const send = (frame: object) => raw.send(JSON.stringify(frame));
  const message = (client_id: string) => ({ conversation_id, client_id, content: client_id });
  send({ type: 'message:send', data: message('unasked') });
  send({ type: 'nope', data: {} });
  send({ type: 'message:send', data: message('as-text'), id: 'text' });
  send({ type: 'message:send', data: message('as-zero'), id: 0 });
  send({ type: 'message:send', data: message('as-empty'), id: '' });
  send({ type: 'nope', id: -7 });
  await waitFor(() => framesOf(raw, 'ack').length === 4);
  expect(await answer(raw, 'text')).toMatchObject({
    ok: true,
    duplicate: false,
    message: { content: 'as-text' },
  });
  expect(await answer(raw, 0)).toMatchObject({ ok: true, message: { content: 'as-zero' } });
  expect(await answer(raw, '')).toMatchObject({ ok: true, message: { content: 'as-empty' } });
  expect(await answer(raw, -7)).toMatchObject({ ok: false, error: { code: 'not_found' } });
  await waitFor(() => raw.frames.some((text) => text.includes('"unasked"')));
  expect(framesOf(raw, 'error')).toEqual([]);
});

test.each([
  ['no JSON', '{"type":'],
  ['empty', ''],
  ['no object', '[1,2]'],
  ['null', 'null'],
  ['no type', '{"data":{},"id":1}'],
  ['a type of the wrong type', '{"type":{},"data":{}}'],
  ['an id of the wrong type', '{"type":"read","data":{},"id":{}}'],
  ['a fraction as id', '{"type":"read","data":{},"id":1.5}'],
  ['an id that is too long', JSON.stringify({ type: 'read', data: {}, id: 'x'.repeat(129) })],
])(
  'a frame that is malformed (%s) gets an error frame, and the connection goes on',
  async (_what, text) => {
    const raw = await open();
    raw.send(text);
    await stillServed(raw);
    expect(framesOf(raw, 'error').map(({ data }) => data)).toEqual([
      { code: 'invalid_payload', message: expect.any(String) as string },
    ]);
  },
);

test.each(['__proto__', 'constructor', 'auth', 'ack', 'connected', 'disconnecting'])(
  'the type %s is unknown',
  async (type) => {
    const raw = await open();
    raw.send(JSON.stringify({ type, data: {}, id: 1 }));
    expect(await answer(raw, 1)).toMatchObject({ ok: false, error: { code: 'not_found' } });
  },
);

test('a binary frame closes the connection with 1003, and nothing behind it is heard', async () => {
  const raw = await open('usr_3');
  harness.store.addConversation('cnv_3', ['usr_3', AGENT]);
  raw.send(Buffer.from('{"type":"read"}'));
  raw.send(
    '{"type":"message:send","data":{"conversation_id":"cnv_3","client_id":"x","content":"x"}}',
  );
  expect(await raw.closed()).toBe(1003);
  // What is sent after it is written after it.
  const person = await harness.person(gateway, 'usr_1');
  await person.send(conversation_id, 'witness', 'witness');
  expect(harness.store.conversations.get('cnv_3')?.log).toEqual([]);
});

test('a frame above 2 MiB closes the connection with 1009, below it is answered', async () => {
  const raw = await open();
  const content = 'x'.repeat(2 * MEBIBYTE - 200);
  const data = { conversation_id, client_id: 'large', content };
  raw.send(JSON.stringify({ type: 'message:send', data, id: 1 }));
  expect(await answer(raw, 1)).toMatchObject({ error: { code: 'invalid_payload' } });
  raw.send('x'.repeat(2 * MEBIBYTE + 1));
  expect(await raw.closed()).toBe(1009);
});

test('invalid UTF-8 closes the connection with 1007', async () => {
  const raw = await open();
  raw.sendText(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
  expect(await raw.closed()).toBe(1007);
});

test('fragments are put together, up to the same bound', async () => {
  const raw = await open();
  const text = JSON.stringify({ type: 'nope', data: 'a'.repeat(1_000), id: 'whole' });
  for (let at = 0; at < text.length; at += 100) {
    raw.socket.send(text.slice(at, at + 100), { fin: at + 100 >= text.length });
  }
  expect(await answer(raw, 'whole')).toMatchObject({ error: { code: 'not_found' } });

  const piece = 'x'.repeat(MEBIBYTE);
  for (let n = 0; n < 3; n += 1) raw.socket.send(piece, { fin: false });
  expect(await raw.closed()).toBe(1009);
});

test('fragments without end are bounded in number too', async () => {
  const raw = await open();
  for (let n = 0; n < 20_000; n += 1) raw.socket.send('', { fin: false });
  // The bound of a message's fragments, or the budget of frames, which is judged once in a turn of the event loop.
  expect([1008, CLOSE_STATUS.rate_limited]).toContain(await raw.closed());
});

test('a peer that pings is answered with what it sent', async () => {
  const raw = await open();
  const pong = new Promise((resolve) =>
    raw.socket.once('pong', (data: Buffer) => resolve(data.toString())),
  );
  raw.socket.ping('are you there?');
  expect(await pong).toBe('are you there?');
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
