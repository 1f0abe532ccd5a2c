import { waitFor } from '@agent-messenger/testkit';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';
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

test('an unknown event is answered not_found', async () => {
  const socket = await harness.person(gateway, 'usr_1');
  expect(await socket.raw('nope', {})).toMatchObject({ ok: false, error: { code: 'not_found' } });
  expect(await socket.raw('nope')).toMatchObject({ ok: false, error: { code: 'not_found' } });
});

test('without an ack callback a request is carried out and its answer dropped', async () => {
  const socket = await harness.person(gateway, 'usr_1');
  socket.socket.emit('message:send', {
    conversation_id: 'cnv_1',
    client_id: 'quiet',
    content: 'no answer needed',
  });
  socket.socket.emit('nope' as 'read', {} as never);
  socket.socket.emit('message:send', {} as never);
  await socket.when('event', (event) => JSON.stringify(event).includes('no answer needed'));
  expect(await socket.raw('read', {})).toMatchObject({ error: { code: 'invalid_payload' } });
});

test('an event without a listed ack is answered ok when one is asked for', async () => {
  const socket = await harness.person(gateway, 'usr_1');
  const payload = { conversation_id: 'cnv_1' as const, typing: true };
  expect(await socket.request('typing', payload)).toEqual({ ok: true });
});

test('the answer to `received`, if one is asked for, tells that the store has the position', async () => {
  const socket = await harness.person(gateway, 'usr_1');
  const position = { conversation_id: 'cnv_1' as const, seq: 1 };
  const before = harness.store.operations.length;
  expect(await socket.request('received', position)).toEqual({ ok: true });
  expect(harness.store.operations.slice(before)).toMatchObject([{ op: 'received', ...position }]);
});

test('1 MB of content is answered invalid_payload, and the connection goes on', async () => {
  const socket = await harness.person(gateway, 'usr_1');
  const payload = { conversation_id: 'cnv_1', client_id: 'large', content: 'x'.repeat(MEBIBYTE) };
  expect(await socket.raw('message:send', payload)).toMatchObject({
    ok: false,
    error: { code: 'invalid_payload' },
  });
  expect(await socket.send('cnv_1', 'small', 'x')).toMatchObject({ ok: true });
});

test('content that is not well formed is invalid', async () => {
  const socket = await harness.person(gateway, 'usr_1');
  const raw = await RawSocket.person(gateway, harness.token('usr_9'));
  raw.send(
    '42/client,0["message:send",{"conversation_id":"cnv_1","client_id":"a","content":"\\ud800"}]',
  );
  expect(await raw.frame((text) => text.startsWith('43'))).toContain('invalid_payload');
  expect(
    await socket.raw('message:send', {
      conversation_id: 'cnv_1',
      client_id: 'b',
      content: Buffer.from('binary'),
    }),
  ).toMatchObject({ error: { code: 'invalid_payload' } });
});

test('a frame above 2 MiB closes the connection with 1009', async () => {
  const raw = await RawSocket.person(gateway, harness.token('usr_1'));
  raw.send(`42/client,["read","${'x'.repeat(2 * MEBIBYTE)}"]`);
  expect(await raw.closed()).toBe(1009);
});

test('invalid UTF-8 closes the connection with 1007', async () => {
  const raw = await RawSocket.person(gateway, harness.token('usr_1'));
  raw.sendText(Buffer.from([0x34, 0x32, 0xff, 0xfe, 0x22]));
  expect(await raw.closed()).toBe(1007);
});

test.each([
  ['no packet', 'garbage'],
  ['no JSON', '42/client,["read",'],
  ['no event name', '42/client,[]'],
  ['an object as event name', '42/client,[{}]'],
  ['a reserved event name', '42/client,["disconnecting"]'],
  ['an unknown packet type', '49/client,{}'],
  ['too many attachments', '451000-/client,["read",{"_placeholder":true,"num":0}]'],
  ['an ack that was not asked for', '43/client,7["x"]'],
])('%s does not harm the gateway', async (_what, frame) => {
  const raw = await RawSocket.person(gateway, harness.token('usr_7'));
  raw.send(frame);
  raw.send('42/client,9["nope"]');
  await waitFor(
    () => raw.closeCode !== undefined || raw.frames.some((text) => text.startsWith('43/client,9[')),
  );
  const socket = await harness.person(gateway, 'usr_1');
  expect(await socket.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
