import { authCalls } from '@agent-messenger/contracts';
import jwt from 'jsonwebtoken';
import { Registry } from 'prom-client';
import { hs256Key } from './access-token-keys';
import { createTokenIssuer } from './access-tokens';
import { createLogger } from './logger';
import { Scope } from './scope';
import { serveInternal } from './serve-internal';
import { createServiceTokens } from './service-tokens';

const SECRET = 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc';
const JWT_SECRET = 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac';
const AUDIENCE = 'agent-messenger-internal';

const log = createLogger({ name: 'test', level: 'silent' });
const scope = new Scope(log);
const calls = { jwks: authCalls.jwks };
let carriedOut = 0;
let url: string;

beforeAll(async () => {
  const { port } = await serveInternal({
    config: { INTERNAL_PORT: 0, HOST: '127.0.0.1', INTERNAL_JWT_SECRET: SECRET },
    log,
    scope,
    metrics: new Registry(),
    calls,
    handlers: {
      jwks() {
        carriedOut += 1;
        return { keys: [] };
      },
    },
  });
  url = `http://127.0.0.1:${port}`;
});
afterAll(() => scope.close());
beforeEach(() => {
  carriedOut = 0;
});

function call(authorization?: string): Promise<Response> {
  return fetch(`${url}/internal/jwks`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization !== undefined && { authorization }),
    },
    body: '{}',
  });
}

const sign = (options: jwt.SignOptions, key = SECRET, claims: object = {}) =>
  `Bearer ${jwt.sign(claims, key, { algorithm: 'HS256', audience: AUDIENCE, ...options })}`;
const access = createTokenIssuer({ key: hs256Key(JWT_SECRET), ttlSeconds: 60 });
const bearer = { identityId: 'usr_1', credentialId: 'ses_1' };
/** Seconds since the epoch. */
const now = () => Math.floor(Date.now() / 1_000);

test('with a service token of ours a call is carried out', async () => {
  const token = createServiceTokens(SECRET, 'gateway');
  expect((await call(`Bearer ${token()}`)).status).toBe(200);
  expect((await call(sign({ expiresIn: 60 }))).status).toBe(200);
  expect(carriedOut).toBe(2);
});

test('ours are for this purpose only, and short', () => {
  const {
    aud,
    exp = 0,
    iat = 0,
    iss,
  } = jwt.decode(createServiceTokens(SECRET, 'gateway')()) as jwt.JwtPayload;
  expect({ aud, iss }).toEqual({ aud: AUDIENCE, iss: 'gateway' });
  expect(exp - iat).toBeLessThanOrEqual(60);
});

test.each<[string, () => string | undefined]>([
  ['no token', () => undefined],
  ['an empty one', () => 'Bearer '],
  ['another scheme', () => sign({ expiresIn: 60 }).replace('Bearer', 'Basic')],
  ['garbage', () => 'Bearer garbage'],
  ['another key', () => sign({ expiresIn: 60 }, JWT_SECRET)],
  [
    'no signature',
    () => `Bearer ${jwt.sign({ aud: AUDIENCE, exp: now() + 60 }, null, { algorithm: 'none' })}`,
  ],
  ['another HMAC', () => sign({ expiresIn: 60, algorithm: 'HS512' })],
  ['expired', () => sign({ expiresIn: 1 }, SECRET, { iat: now() - 60 })],
  ['not valid yet', () => sign({ expiresIn: 60, notBefore: 60 })],
  ['another audience', () => sign({ expiresIn: 60, audience: 'agent-messenger' })],
  ['no audience', () => `Bearer ${jwt.sign({ exp: now() + 60 }, SECRET)}`],
  [
    'an old one that says it lives for ever',
    () => sign({ expiresIn: '10y' }, SECRET, { iat: now() - 120 }),
  ],
  ['one without an end, that is old', () => sign({}, SECRET, { iat: now() - 120 })],
  ['without a beginning', () => sign({ noTimestamp: true })],
  ['an access token', () => `Bearer ${access(bearer).token}`],
  [
    'an access token signed with the key between services',
    () => `Bearer ${createTokenIssuer({ key: hs256Key(SECRET), ttlSeconds: 60 })(bearer).token}`,
  ],
])('%s: the call is refused, and tells our callers apart from theirs', async (_what, make) => {
  const response = await call(make());
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('agent-messenger-internal');
  expect(await response.json()).toMatchObject({ code: 'unauthorized' });
  expect(carriedOut).toBe(0);
});

test('what is no call is refused just so: nobody learns which calls there are', async () => {
  for (const path of ['/internal/nope', '/internal/', '/internal/jwks/x']) {
    expect((await fetch(url + path, { method: 'POST' })).status).toBe(401);
  }
});

test('probes and metrics need no token', async () => {
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
});
