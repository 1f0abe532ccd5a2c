import { generateKeyPairSync } from 'node:crypto';
import { authCalls } from '@agent-messenger/contracts';
import type { AccessTokenKey } from '@agent-messenger/service-kit';
import {
  createTokenIssuer,
  es256SigningKey,
  hs256Key,
  publicJwkOf,
  Scope,
  serveInternal,
} from '@agent-messenger/service-kit';
import { Registry } from 'prom-client';
import { silent } from './fakes';
import type { Harness, TestGateway } from './harness';
import { INTERNAL_JWT_SECRET, JWT_SECRET, startHarness } from './harness';

const OTHER_SECRET = 'o7Rt5-Wn3Xc9Bm2Vq8Lk4Zp6Hs1Gf0Jyd';
const newKey = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return es256SigningKey(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
};

let harness: Harness;
let auth: { published: AccessTokenKey[]; AUTH_URL: string; close(): Promise<void> };

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());
beforeEach(async () => {
  auth = await startKeyServer();
});
afterEach(() => auth.close());

/** What publishes keys, apart from the auth of the harness so that it can go away. */
async function startKeyServer(): Promise<typeof auth> {
  const scope = new Scope(silent);
  const state = { published: [] as AccessTokenKey[], AUTH_URL: '', close: () => scope.close() };
  const { port } = await serveInternal({
    config: { INTERNAL_PORT: 0, HOST: '127.0.0.1', INTERNAL_JWT_SECRET },
    log: silent,
    scope,
    metrics: new Registry(),
    calls: { jwks: authCalls.jwks },
    handlers: { jwks: () => ({ keys: state.published.map(publicJwkOf) }) },
  });
  state.AUTH_URL = `http://127.0.0.1:${port}`;
  return state;
}

const tokenOf = (key: AccessTokenKey) =>
  createTokenIssuer({ key, ttlSeconds: 60 })({ identityId: 'usr_1', credentialId: 'ses_1' }).token;

/** How the gateway answers the bearer: 200, or the problem's code. */
async function answer({ url }: TestGateway, key: AccessTokenKey): Promise<unknown> {
  const response = await fetch(`${url}/agents`, {
    headers: { authorization: `Bearer ${tokenOf(key)}` },
  });
  const body = (await response.json()) as { code?: string };
  return response.ok ? response.status : body.code;
}

test('from a secret to a key and on to the next: nobody is logged out, and no gateway is restarted', async () => {
  const [secret, key, next] = [hs256Key(JWT_SECRET), newKey(), newKey()];
  const { AUTH_URL } = auth;
  const gateway = await harness.gateway({ JWT_ES256: 'true', AUTH_URL });
  const socket = await harness.person(gateway, 'usr_1');
  expect(await answer(gateway, secret)).toBe(200);
  expect(await answer(gateway, key)).toBe('unauthorized');

  // Published before it signs.
  auth.published = [key];
  expect(await answer(gateway, key)).toBe(200);
  expect(await answer(gateway, secret)).toBe(200);
  const refreshed = await socket.request('auth:refresh', { token: tokenOf(key) });
  expect(refreshed).toEqual({ ok: true, expires_in: expect.any(Number) as number });

  auth.published = [next, key];
  expect(await answer(gateway, next)).toBe(200);
  expect(await answer(gateway, key)).toBe(200);
  expect(await socket.request('auth:refresh', { token: tokenOf(next) })).toMatchObject({
    ok: true,
  });
  expect(socket.socket.connected).toBe(true);

  const withoutSecret = await harness.gateway({ JWT_SECRET: '', JWT_ES256: 'true', AUTH_URL });
  expect(await answer(withoutSecret, key)).toBe(200);
  expect(await answer(withoutSecret, secret)).toBe('unauthorized');
});

test('from one secret to the next: both are accepted, and only those', async () => {
  const keys = [JWT_SECRET, OTHER_SECRET].map(hs256Key);
  // Prepared, changed: in whichever order auth and the gateways are told.
  for (const env of [
    { JWT_SECRET_PREVIOUS: OTHER_SECRET },
    { JWT_SECRET: OTHER_SECRET, JWT_SECRET_PREVIOUS: JWT_SECRET },
  ]) {
    const gateway = await harness.gateway(env);
    for (const key of keys) expect(await answer(gateway, key)).toBe(200);
    expect(await answer(gateway, hs256Key(`${OTHER_SECRET}x`))).toBe('unauthorized');
    const socket = harness.socket(gateway, '/client', { token: tokenOf(hs256Key(OTHER_SECRET)) });
    await socket.synced();
  }
  const done = await harness.gateway({ JWT_SECRET: OTHER_SECRET });
  expect(await Promise.all(keys.map((key) => answer(done, key)))).toEqual(['unauthorized', 200]);
});

test('without JWT_ES256 no published key counts', async () => {
  const key = newKey();
  auth.published = [key];
  const gateway = await harness.gateway({ AUTH_URL: auth.AUTH_URL });
  expect(await answer(gateway, key)).toBe('unauthorized');
});

test('a public key is no secret', async () => {
  const key = newKey();
  auth.published = [key];
  const gateway = await harness.gateway({ JWT_ES256: 'true', AUTH_URL: auth.AUTH_URL });
  expect(await answer(gateway, key)).toBe(200);
  const jwk = publicJwkOf(key);
  for (const secret of [JSON.stringify(jwk), jwk.x, jwk.kid]) {
    const confused = hs256Key(secret);
    expect(await answer(gateway, confused)).toBe('unauthorized');
    expect(await answer(gateway, { ...confused, kid: jwk.kid })).toBe('unauthorized');
  }
});

test('while auth is away known keys are accepted, and others may be tried later', async () => {
  const [key, other] = [newKey(), newKey()];
  auth.published = [key];
  const gateway = await harness.gateway({ JWT_ES256: 'true', AUTH_URL: auth.AUTH_URL });
  expect(await answer(gateway, key)).toBe(200);
  await auth.close();
  expect(await answer(gateway, key)).toBe(200);
  expect(await answer(gateway, other)).toBe('unavailable');
  await harness.socket(gateway, '/client', { token: tokenOf(key) }).synced();
  const refused = await harness.socket(gateway, '/client', { token: tokenOf(other) }).refused();
  expect(refused).toMatchObject({
    code: 'unavailable',
    retry_after_ms: expect.any(Number) as number,
  });
});
