import { authCalls, messagesCalls, type LoggedIn } from '@agent-messenger/contracts';
import { createRest } from '@agent-messenger/sdk';
import { es256KeyOfJwk, hs256Key } from '@agent-messenger/service-kit';
import {
  createAgent,
  createPerson,
  openTestSocket,
  rest,
  TestSocket,
  type Agent,
  type Transport,
} from '@agent-messenger/testkit';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewaysOf, startReliability, type Reliability } from '../reliability/setup';
import {
  forgedServiceTokens,
  forgedTokens,
  rightToken,
  serviceToken,
  type TokenMaterial,
} from './forged-tokens';
import { outcomeOf } from './outcome-of';

const TRANSPORTS: Transport[] = ['socket.io', 'ws'];

let system: Reliability;
let url: string;
let person: LoggedIn & { password: string; username: string };
let agent: Agent;
let material: TokenMaterial;
let secrets: Record<'jwt_secret' | 'internal_jwt_secret', string>;

/** Auth signs with ES256; gateways still take what was signed with the secret. */
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const JWT_PRIVATE_KEY = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  system = await startReliability({
    env: { auth: { JWT_PRIVATE_KEY }, gateway: { JWT_ES256: 'true' } },
  });
  url = gatewaysOf(system)[0].url;
  const { username, password } = await createPerson(url);
  const body = { username, password };
  person = { ...(await createRest(url).request('login', { body })), ...body };
  agent = await createAgent(url, system.stack.adminKey);

  const secret = (name: string) => readFileSync(join(system.stack.dataDir, name), 'utf8').trim();
  secrets = {
    jwt_secret: secret('jwt_secret'),
    internal_jwt_secret: secret('internal_jwt_secret'),
  };
  const { keys } = await createRest(url).request('jwks', {});
  const [published] = keys.map(es256KeyOfJwk);
  if (!published) throw new Error('auth publishes its key');
  material = {
    secret: secrets.jwt_secret,
    secretKid: hs256Key(secrets.jwt_secret).kid,
    publicKey: published.key,
    publicKid: published.kid,
    internalSecret: secrets.internal_jwt_secret,
    identityId: person.user_id,
    sessionId: sessionOf(person.access_token),
  };
}, 60_000);
afterAll(() => system.stop(), 60_000);

function sessionOf(token: string): string {
  const [, payload = ''] = token.split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string }).sid;
}

/** What each door says to this credential: REST, and the handshakes of both transports. */
async function outcomes(token: string): Promise<Record<string, unknown>> {
  const { status } = await rest(url, 'GET', '/conversations', { bearer: token });
  const sockets = TRANSPORTS.flatMap((transport) => [
    openTestSocket(transport, url, '/client', { token }),
    openTestSocket(transport, url, '/client', {}, { query: { token } }),
    openTestSocket(transport, url, '/agent', { token }),
  ]);
  return { status, sockets: await Promise.all(sockets.map(outcomeOf)) };
}

/** A code each of: Socket.IO, with `?token=`, at /agent; plain WebSocket, with `?token=`, at /agent. */
const REFUSED = { status: 401, sockets: Array<string>(6).fill('unauthorized') };

test('the control: what auth signed is taken, and what the secret signed', async () => {
  for (const token of [person.access_token, rightToken(material)]) {
    const { status } = await rest(url, 'GET', '/conversations', { bearer: token });
    expect(status).toBe(200);
    // One after the other: an identity has one connection.
    for (const transport of TRANSPORTS) {
      expect(await outcomeOf(openTestSocket(transport, url, '/client', { token }))).toBe('ok');
      expect(await outcomeOf(openTestSocket(transport, url, '/agent', { token }))).toBe(
        'forbidden',
      );
    }
  }
});

test('no forged token is taken, at any door', async () => {
  for (const [what, token] of Object.entries(forgedTokens(material))) {
    expect({ what, ...(await outcomes(token)) }).toEqual({ what, ...REFUSED });
  }
}, 180_000);

test.each(TRANSPORTS)(
  'a forged token does not prolong a connection, nor end it: %s',
  async (transport) => {
    const socket = openTestSocket(transport, url, '/client', { token: person.access_token });
    await socket.synced();
    for (const [what, token] of Object.entries(forgedTokens(material))) {
      const answer = await socket.raw('auth:refresh', { token });
      expect({ what, answer }).toMatchObject({
        answer: { ok: false, error: { code: 'unauthorized' } },
      });
    }
    const answer = await socket.request('auth:refresh', { token: rightToken(material) });
    expect(answer).toMatchObject({ ok: true });
    socket.close();
  },
);

describe('one credential is not another', () => {
  test('refresh tokens, device tokens, keys and secrets are no access tokens', async () => {
    const others = {
      'refresh token': person.refresh_token,
      'device token': person.device_token,
      'admin key': system.stack.adminKey,
      password: person.password,
      'key id': agent.key_id,
      'identity id': person.user_id,
      ...secrets,
    };
    for (const [what, token] of Object.entries(others)) {
      expect({ what, ...(await outcomes(token)) }).toEqual({ what, ...REFUSED });
    }
    // None of this was a use of it.
    const { refresh_token } = person;
    const renewed = await createRest(url).request('refresh', { body: { refresh_token } });
    person = { ...person, ...renewed };
  });

  test('an API key is no token, and of people no credential at all, right or wrong', async () => {
    const wrong = `${agent.api_key}A`;
    for (const transport of TRANSPORTS) {
      for (const token of [agent.api_key, wrong]) {
        const outcomeAt = (namespace: '/client' | '/agent') =>
          outcomeOf(openTestSocket(transport, url, namespace, { token }));
        expect(await outcomeAt('/client')).toBe('forbidden');
        expect(await outcomeAt('/agent')).toBe('unauthorized');
      }
    }
  });

  test('a token is no API key, and neither is one of a well-known form', async () => {
    const [, keyId] = agent.api_key.split('_');
    // Valid, and of the wrong kind where a key is asked for.
    const tokens = [person.access_token, rightToken(material)];
    const wrong = [
      ...tokens,
      system.stack.adminKey,
      `amk_${keyId}_`,
      `amk_${keyId}_${'A'.repeat(43)}`,
      `amk_${keyId}_${rightToken(material)}`,
      `amk__${agent.api_key.split('_').slice(2).join('_')}`,
      `${agent.api_key}A`,
      agent.api_key.toUpperCase(),
    ];
    for (const api_key of wrong) {
      const exchanged = await rest(url, 'POST', '/auth/agent/token', { bearer: api_key });
      const status = tokens.includes(api_key) ? 403 : 401;
      expect({ api_key, status: exchanged.status }).toEqual({ api_key, status });
      for (const transport of TRANSPORTS) {
        const socket = openTestSocket(transport, url, '/agent', { api_key });
        expect(await outcomeOf(socket)).toBe('unauthorized');
      }
    }
    const { status } = await rest(url, 'POST', '/auth/agent/token', { bearer: agent.api_key });
    expect(status).toBe(200);
  });

  test('access tokens, device tokens and keys are no refresh tokens', async () => {
    const { access_token, device_token } = person;
    for (const refresh_token of [access_token, device_token, agent.api_key, rightToken(material)]) {
      const body = { refresh_token };
      expect(await rest(url, 'POST', '/auth/refresh', { body })).toMatchObject({
        status: 401,
        body: { code: 'unauthorized' },
      });
      // Unknown tokens are no error here, and end nothing.
      const logout = { ...body, everywhere: true };
      expect((await rest(url, 'POST', '/auth/logout', { body: logout })).status).toBe(204);
    }
    const socket = new TestSocket(url, '/client', { token: access_token });
    expect(await outcomeOf(socket)).toBe('ok');
  });

  test('the admin key is one in its header only, and nothing else is one', async () => {
    const { adminKey } = system.stack;
    const ask = (headers: Record<string, string>, path = '/admin/users') =>
      rest(url, 'GET', path, { headers }).then(({ status }) => status);
    expect(await ask({ 'x-admin-key': adminKey })).toBe(200);
    const wrong = [person.access_token, agent.api_key, ...Object.values(secrets), `${adminKey}0`];
    for (const key of [...wrong, adminKey.slice(0, -1), `${adminKey}, ${adminKey}`]) {
      expect(await ask({ 'x-admin-key': key })).toBe(401);
    }
    for (const scheme of ['Bearer', 'Basic', 'X-Admin-Key']) {
      expect(await ask({ authorization: `${scheme} ${adminKey}` })).toBe(401);
    }
    for (const query of ['x-admin-key', 'X-Admin-Key', 'admin_key', 'key', 'token']) {
      expect(await ask({}, `/admin/users?${query}=${adminKey}`)).toBe(401);
    }
    expect(await ask({ cookie: `x-admin-key=${adminKey}` })).toBe(401);
  });
});

describe('inside and outside are apart', () => {
  const internal = () => {
    const { auth, messages, gateways, pushWorker } = system.stack;
    return [auth, messages, pushWorker, ...gateways].map(({ internalUrl }) => internalUrl);
  };
  const calls = Object.keys({ ...messagesCalls, ...authCalls });

  test('the control: a service token opens the calls of services', async () => {
    const { internalUrl } = system.stack.messages;
    const token = serviceToken(material.internalSecret);
    const { status } = await rest(internalUrl, 'POST', '/internal/getUser', {
      bearer: token,
      body: { user_id: person.user_id },
    });
    expect(status).toBe(200);
  });

  test('no public credential opens a call of services, and no forged one', async () => {
    const wrong = {
      ...forgedServiceTokens(material),
      'a token of auth': person.access_token,
      'an API key': agent.api_key,
      'the admin key': system.stack.adminKey,
      'the key itself': material.internalSecret,
    };
    for (const [what, bearer] of Object.entries(wrong)) {
      for (const base of internal()) {
        const { status } = await rest(base, 'POST', '/internal/getUser', { bearer, body: {} });
        expect({ what, status }).toEqual({ what, status: 401 });
      }
    }
    for (const base of internal()) {
      expect((await rest(base, 'POST', '/internal/getUser', { body: {} })).status).toBe(401);
    }
  });

  test('calls of services are not on the public port, with whichever token', async () => {
    const bearer = serviceToken(material.internalSecret);
    for (const call of calls) {
      const { status } = await rest(url, 'POST', `/internal/${call}`, { bearer, body: {} });
      expect({ call, status }).toEqual({ call, status: 404 });
    }
    for (const path of ['/metrics', '/livez']) {
      expect((await rest(url, 'GET', path, { bearer })).status).toBe(404);
    }
  });
});
