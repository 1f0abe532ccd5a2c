import { createTokenIssuer, hs256Key } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import jwt from 'jsonwebtoken';
import { deferred } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, API_KEY, connectionsOf, JWT_SECRET, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());
afterEach(() => {
  harness.store.failures = 0;
  harness.store.connecting = () => Promise.resolve();
});

const tokenOf = (identityId: string, credentialId: string, secret = JWT_SECRET) =>
  createTokenIssuer({ key: hs256Key(secret), ttlSeconds: 600 })({ identityId, credentialId }).token;
const user = tokenOf('usr_1', 'ses_1');
const agent = tokenOf(AGENT, 'key1');
const forged = tokenOf('usr_1', 'ses_1', 'another-Key-of-more-than-32-characters');
const expired = jwt.sign({ ...(jwt.decode(user) as object), exp: 1 }, JWT_SECRET, {
  keyid: hs256Key(JWT_SECRET).kid,
});

test('people come with ?token= or a first frame, agents with a key or a token in it', async () => {
  const byQuery = await harness.plain(gateway, '/client', {}, { token: user }).synced();
  const byFrame = await harness.plain(gateway, '/client', { token: user }).synced();
  const byKey = await harness.plain(gateway, '/agent', { api_key: API_KEY }).synced();
  const byToken = await harness.plain(gateway, '/agent', { token: agent, protocol: 1 }).synced();
  for (const socket of [byQuery, byFrame, byKey, byToken]) {
    expect(socket.received[0]?.name).toBe('connected');
    expect(socket.errors).toEqual([]);
  }
  expect(byQuery.all('connected')[0]).toMatchObject({
    identity: { kind: 'user', id: 'usr_1' },
    connection_id: expect.any(String) as string,
    log_id: 'log_1',
    protocol_version: 1,
  });
  expect(byKey.all('connected')[0]?.identity).toEqual({ kind: 'agent', id: AGENT });
});

test.each<[string, '/client' | '/agent', Record<string, unknown>, string, string]>([
  ['a garbage token', '/client', { token: 'garbage' }, 'unauthorized', '4401'],
  ['a forged token', '/client', { token: forged }, 'unauthorized', '4401'],
  ['an expired token', '/client', { token: expired }, 'unauthorized', '4401'],
  ['a wrong API key', '/agent', { api_key: 'amk_key1_Wrong' }, 'unauthorized', '4401'],
  ['a token of the wrong type', '/client', { token: 5 }, 'invalid_payload', '4401'],
  ['an unknown protocol', '/client', { token: user, protocol: 2 }, 'invalid_payload', '4401'],
  ['the token of a person on /agent', '/agent', { token: user }, 'forbidden', '4403'],
  ['an API key on /client', '/client', { api_key: API_KEY }, 'forbidden', '4403'],
  ['the token of an agent on /client', '/client', { token: agent }, 'forbidden', '4403'],
])('%s is refused on %s', async (_what, namespace, auth, code, status) => {
  const socket = harness.plain(gateway, namespace, auth);
  expect(await socket.refused()).toEqual({ code });
  expect(await socket.disconnected()).toBe(status);
});

test.each([
  ['forged', forged, 'unauthorized', '4401'],
  ['expired', expired, 'unauthorized', '4401'],
  ['empty', '', 'invalid_payload', '4401'],
  ["an agent's", agent, 'forbidden', '4403'],
  ['an API key', API_KEY, 'forbidden', '4403'],
  ['an API key that is none', 'amk_key1_Wrong', 'forbidden', '4403'],
])('a token in the query that is %s is refused', async (_what, token, code, status) => {
  const socket = harness.plain(gateway, '/client', {}, { token });
  expect(await socket.refused()).toEqual({ code });
  expect(await socket.disconnected()).toBe(status);
});

test('an agent has no ?token=, on neither transport', async () => {
  const plain = await RawSocket.connect(gateway, `/agent/connect?token=${agent}`);
  plain.send(JSON.stringify({ type: 'auth', data: {} }));
  expect(await plain.closed()).toBe(4401);
  const socketIo = harness.socket(gateway, '/agent', {}, { token: agent });
  expect(await socketIo.refused()).toEqual({ code: 'unauthorized' });
});

test('a revoked credential is refused', async () => {
  harness.store.revoked.add('ses_revoked');
  const socket = harness.plain(gateway, '/client', { token: tokenOf('usr_1', 'ses_revoked') });
  expect(await socket.refused()).toEqual({ code: 'unauthorized' });
});

test.each([
  ['a request', '{"type":"message:send","data":{}}'],
  ['an auth frame without data', '{"type":"auth"}'],
  ['no JSON', 'hello'],
  ['a binary frame', Buffer.from('{"type":"auth","data":{}}')],
])('%s as the first frame is refused', async (_what, frame) => {
  const raw = await RawSocket.connect(gateway, '/agent/connect');
  raw.send(frame);
  expect(await raw.closed()).toBe(4401);
  expect(raw.frames.map((text) => JSON.parse(text) as unknown)).toEqual([
    { type: 'error', data: { code: 'unauthorized', message: expect.any(String) as string } },
  ]);
});

test.each(['a', 7, 0, ''])('with the id %j it is acked before connected', async (id) => {
  const raw = await RawSocket.connect(gateway, '/agent/connect');
  raw.send(JSON.stringify({ type: 'auth', id, data: { api_key: API_KEY } }));
  raw.send(JSON.stringify({ type: 'auth', id: 'again', data: { api_key: API_KEY } }));
  await raw.frame((text) => text.includes('"again"'));
  const frames = raw.frames.map((text) => JSON.parse(text) as { type: string });
  expect(frames.slice(0, 2)).toMatchObject([
    { type: 'ack', id, data: { ok: true } },
    { type: 'connected' },
  ]);
  expect(frames.filter(({ type }) => type === 'ack')).toEqual([
    { type: 'ack', id, data: { ok: true } },
    {
      type: 'ack',
      id: 'again',
      data: { ok: false, error: expect.objectContaining({ code: 'not_found' }) as unknown },
    },
  ]);
});

test.each<[string, object, string, number]>([
  [
    'wrong credentials',
    { type: 'auth', data: { api_key: 'amk_key1_Wrong' } },
    'unauthorized',
    4401,
  ],
  ['credentials of the wrong kind', { type: 'auth', data: { token: user } }, 'forbidden', 4403],
  ['none', { type: 'auth' }, 'unauthorized', 4401],
  ['a request in their place', { type: 'read', data: {} }, 'unauthorized', 4401],
])('with an id and %s it is acked with its error as well', async (_what, frame, code, status) => {
  const raw = await RawSocket.connect(gateway, '/agent/connect');
  raw.send(JSON.stringify({ ...frame, id: 7 }));
  expect(await raw.closed()).toBe(status);
  const error = { code, message: expect.any(String) as string };
  expect(raw.frames.map((text) => JSON.parse(text) as unknown)).toEqual([
    { type: 'ack', id: 7, data: { ok: false, error } },
    { type: 'error', data: error },
  ]);
});

test('silence is refused after 5 s', async () => {
  const from = performance.now();
  const raw = await RawSocket.connect(gateway, '/agent/connect');
  expect(await raw.closed()).toBe(4401);
  expect(performance.now() - from).toBeGreaterThan(4_500);
  expect(raw.frames).toEqual([expect.stringContaining('"unauthorized"')]);
});

test('an outage says when to come back', async () => {
  harness.store.failures = 1;
  const away = harness.plain(gateway, '/client', { token: user });
  expect(await away.refused()).toEqual({ code: 'unavailable', retry_after_ms: 700 });
  expect(await away.disconnected()).toBe('4503');
});

test.each([
  ['the auth frame', '/client/connect'],
  ['the upgrade', `/client/connect?token=${user}`],
])('what is sent right behind %s is answered in order, after connected', async (_what, path) => {
  const raw = await RawSocket.connect(gateway, path);
  if (!path.includes('token')) raw.send(JSON.stringify({ type: 'auth', data: { token: user } }));
  const ids = Array.from({ length: 300 }, (_, id) => id);
  for (const id of ids) raw.send(JSON.stringify({ type: 'nope', id }));
  await raw.frame((text) => text.includes('"id":299'));
  const frames = raw.frames.map((text) => JSON.parse(text) as { type: string; id?: number });
  expect(frames[0]?.type).toBe('connected');
  expect(frames.flatMap(({ type, id }) => (type === 'ack' ? [id] : []))).toEqual(ids);
});

test('who leaves while being admitted leaves nothing behind', async () => {
  const own = await harness.gateway();
  const { promise, resolve } = deferred<undefined>();
  let asked = 0;
  harness.store.connecting = () => {
    asked += 1;
    return promise;
  };
  const raw = await RawSocket.connect(own, `/client/connect?token=${tokenOf('usr_2', 'ses_1')}`);
  await waitFor(() => asked === 1);
  expect(await connectionsOf(own)).toBe(1);
  raw.socket.terminate();
  resolve(undefined);
  await waitFor(async () => (await connectionsOf(own)) === 0);
});

test('tokens and keys are in no log line', async () => {
  const chatty = await harness.gateway({ LOG_LEVEL: 'trace' });
  await harness.plain(chatty, '/client', {}, { token: user }).synced();
  await harness.plain(chatty, '/client', {}, { token: forged }).refused();
  await harness.plain(chatty, '/agent', { api_key: 'amk_key1_Wrong' }).refused();
  await harness.socket(chatty, '/client', {}, { token: user }).synced();
  await fetch(`${chatty.url}/client/connect?token=${user}`);
  await RawSocket.connect(chatty, `/nope?token=${user}`).catch(() => undefined);
  await chatty.close();
  const text = JSON.stringify(chatty.lines);
  for (const secret of [user, forged, 'amk_key1_Wrong']) expect(text).not.toContain(secret);
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
