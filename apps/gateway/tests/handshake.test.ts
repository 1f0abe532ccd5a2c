import { errorCodeSchema } from '@agent-messenger/contracts';
import { createTokenIssuer, hs256Key } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import jwt from 'jsonwebtoken';
import { deferred } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, API_KEY, JWT_SECRET, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());
afterEach(() => {
  harness.store.failures = 0;
  harness.store.connecting = () => Promise.resolve();
});

const claims = {
  sub: 'usr_1',
  sid: 'ses_1',
  iss: 'agent-messenger',
  aud: 'agent-messenger',
  exp: 4_000_000_000,
};
const keyid = hs256Key(JWT_SECRET).kid;
const foreign = createTokenIssuer({
  key: hs256Key('another-Key-of-more-than-32-characters'),
  ttlSeconds: 600,
})({ identityId: 'usr_1', credentialId: 'ses_1' }).token;
const user = createTokenIssuer({ key: hs256Key(JWT_SECRET), ttlSeconds: 600 })({
  identityId: 'usr_1',
  credentialId: 'ses_1',
}).token;
const agent = createTokenIssuer({ key: hs256Key(JWT_SECRET), ttlSeconds: 600 })({
  identityId: AGENT,
  credentialId: 'key1',
}).token;

test.each<[string, '/client' | '/agent', Record<string, unknown>, string]>([
  ['no credentials', '/client', {}, 'unauthorized'],
  ['no credentials of an agent', '/agent', {}, 'unauthorized'],
  ['a garbage token', '/client', { token: 'garbage' }, 'unauthorized'],
  ['alg none', '/client', { token: jwt.sign(claims, null, { algorithm: 'none' }) }, 'unauthorized'],
  ['another key', '/client', { token: foreign }, 'unauthorized'],
  [
    'another audience',
    '/client',
    { token: jwt.sign({ ...claims, aud: 'others' }, JWT_SECRET, { keyid }) },
    'unauthorized',
  ],
  [
    'an expired token',
    '/client',
    { token: jwt.sign({ ...claims, exp: 1 }, JWT_SECRET, { keyid }) },
    'unauthorized',
  ],
  ['the token of a person on /agent', '/agent', { token: user }, 'forbidden'],
  ['the token of an agent on /client', '/client', { token: agent }, 'forbidden'],
  ['a wrong API key', '/agent', { api_key: 'amk_key1_Wrong' }, 'unauthorized'],
  ['an API key on /client', '/client', { api_key: API_KEY }, 'forbidden'],
  ['an API key as a token on /client', '/client', { token: API_KEY }, 'forbidden'],
  ['an API key that is none on /client', '/client', { api_key: 'amk_key1_Wrong' }, 'forbidden'],
  ['another key on /client', '/client', { api_key: 'other' }, 'invalid_payload'],
  ['a token of the wrong type', '/client', { token: 5 }, 'invalid_payload'],
  ['a token that is too long', '/client', { token: 'x'.repeat(10_000) }, 'invalid_payload'],
  ['an unknown protocol', '/client', { token: user, protocol: 2 }, 'invalid_payload'],
])('%s is refused on %s', async (_what, namespace, auth, code) => {
  const socket = harness.socket(gateway, namespace, auth);
  const closed = new Promise((resolve) => socket.socket.io.engine.once('close', resolve));
  expect(await socket.refused()).toEqual({ code });
  // The gateway closes the engine connection itself: nobody here asked for it.
  await closed;
});

test('a revoked credential is refused', async () => {
  harness.store.revoked.add('ses_revoked');
  const token = harness.token('usr_1', { credentialId: 'ses_revoked' });
  expect(await harness.socket(gateway, '/client', { token }).refused()).toEqual({
    code: 'unauthorized',
  });
});

test('while messages is away a connection gets unavailable and when to come back', async () => {
  harness.store.failures = 1;
  const refused = harness.socket(gateway, '/client', { token: user }).refused();
  expect(await refused).toEqual({ code: 'unavailable', retry_after_ms: 700 });

  const lonely = await harness.gateway({ MESSAGES_URL: 'http://127.0.0.1:1' });
  const { code, retry_after_ms } = await harness
    .socket(lonely, '/client', { token: user })
    .refused();
  expect(code).toBe('unavailable');
  expect(retry_after_ms).toBeGreaterThan(0);
  await lonely.close();
});

test('a gateway that is full says when to come back', async () => {
  const full = await harness.gateway({ MAX_CONNECTIONS: '1' });
  await harness.person(full, 'usr_10');
  expect(
    await harness.socket(full, '/client', { token: harness.token('usr_11') }).refused(),
  ).toEqual({ code: 'unavailable', retry_after_ms: expect.any(Number) as number });
});

test('connected comes first, then what is undelivered, then synced', async () => {
  harness.store.addConversation('cnv_hello', ['usr_2', AGENT]);
  const sender = await harness.agent(gateway);
  for (const content of ['one', 'two']) await sender.send('cnv_hello', content, content);
  const socket = await harness.person(gateway, 'usr_2');
  expect(socket.received.map(({ name }) => name).filter((name) => name !== 'presence')).toEqual([
    'connected',
    'event',
    'event',
    'synced',
  ]);
  expect(socket.received[0]?.payload).toMatchObject({
    identity: { kind: 'user', id: 'usr_2' },
    connection_id: expect.any(String) as string,
    log_id: 'log_1',
    protocol_version: 1,
  });
  expect(socket.contents).toEqual(['one', 'two']);
});

test('the token may come as a query, and an agent may use one', async () => {
  const byQuery = harness.socket(gateway, '/client', {}, { token: harness.token('usr_3') });
  await byQuery.synced();
  await harness.socket(gateway, '/agent', { token: agent }).synced();
});

test('the newest connection of an identity wins, on one gateway and across two', async () => {
  const other = await harness.gateway();
  const first = await harness.person(gateway, 'usr_4');
  const second = await harness.person(gateway, 'usr_4');
  expect(await first.disconnected()).toMatch(/already|io server disconnect/);
  const token = harness.token('usr_4', { credentialId: 'ses_other' });
  const third = await harness.socket(other, '/client', { token }).synced();
  expect(await second.disconnected()).toMatch(/already|io server disconnect/);
  for (const socket of [first, second]) expect(socket.all('closing')).toEqual([]);
  // Another tab of a browser may follow it; another device may not.
  expect(first.all('replaced')).toEqual([{ same_session: true }]);
  expect(second.all('replaced')).toEqual([{}]);
  expect(third.socket.connected).toBe(true);
});

test('a newer connection also wins over one that is still being admitted', async () => {
  const { promise, resolve } = deferred<undefined>();
  let held = 0;
  harness.store.connecting = () => {
    held += 1;
    return held === 1 ? promise : Promise.resolve();
  };
  const slow = harness.socket(gateway, '/client', { token: harness.token('usr_5') });
  const refused = slow.refused();
  await waitFor(() => held === 1);
  const fast = await harness.person(gateway, 'usr_5');
  resolve(undefined);
  expect(await refused).toEqual({ code: 'replaced' });
  expect(fast.socket.connected).toBe(true);
});

test('an identity that connects again and again is told to wait', async () => {
  const patient = await harness.gateway({ TAKE_OVERS_PER_MINUTE: '2', REDIS_PREFIX: 'patient' });
  for (let i = 0; i < 2; i += 1) await harness.person(patient, 'usr_12');
  const token = harness.token('usr_12');
  const { code, retry_after_ms } = await harness.socket(patient, '/client', { token }).refused();
  expect(code).toBe('rate_limited');
  expect(retry_after_ms).toBeGreaterThan(0);
  await harness.person(patient, 'usr_13');
});

describe('on the wire', () => {
  const connect = (namespace: string, auth: object) => `40${namespace},${JSON.stringify(auth)}`;

  test('a silent connection is closed within 5 s', async () => {
    const raw = await RawSocket.open(gateway);
    await raw.closed();
  });

  test.each(['/', '/ephemeral', '/nope'])('namespace %s is refused', async (namespace) => {
    const raw = await RawSocket.open(gateway);
    raw.send(namespace === '/' ? `40${JSON.stringify({ token: user })}` : connect(namespace, {}));
    const answer = await raw.frame((text) => text.startsWith('44'));
    if (namespace !== '/nope') {
      const { data } = JSON.parse(answer.slice(answer.indexOf('{'))) as { data: { code: unknown } };
      expect(errorCodeSchema.parse(data.code)).toBe('not_found');
    }
    await raw.closed();
  });

  test.each([
    ['/client', { token: user }],
    ['/agent', { api_key: API_KEY }],
    ['/', {}],
  ])(
    'a second CONNECT, to %s, closes the connection, also with valid credentials',
    async (namespace, auth) => {
      const raw = await RawSocket.open(gateway);
      raw.send(connect('/client', { token: harness.token('usr_6') }));
      await raw.frame((text) => text.includes('"synced"'));
      raw.send(namespace === '/' ? '40' : connect(namespace, auth));
      await raw.closed();
      expect(raw.frames.filter((text) => text.includes('"connected"'))).toHaveLength(1);
    },
  );

  test.each([
    '/socket.io/?EIO=4&transport=polling',
    '/socket.io/?EIO=4&transport=websocket',
    '/socket.io/',
  ])('polling is not offered: %s is answered with what to do instead', async (path) => {
    const response = await fetch(gateway.url + path);
    expect(response.status).toBe(426);
    expect(response.headers.get('ratelimit-limit')).not.toBeNull();
    expect(await response.json()).toMatchObject({
      code: 'invalid_payload',
      detail: expect.stringContaining(
        path.includes('polling') ? "transports: ['websocket']" : 'Upgrade: websocket',
      ) as string,
    });
  });
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
