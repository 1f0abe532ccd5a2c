import { createRest, type RestInput } from '@agent-messenger/sdk';
import { createTokenIssuer, hs256Key } from '@agent-messenger/service-kit';
import {
  createAgent,
  openTestSocket,
  type TestSocketBase,
  type Transport,
} from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewaysOf, startReliability, type Reliability } from '../reliability/setup';
import { outcomeOf } from './outcome-of';
import { createScenes, type Scene } from './scene';

const TRANSPORTS: Transport[] = ['socket.io', 'ws'];

let system: Reliability;
let scene: () => Promise<Scene>;
/** The gateway that holds the connection, and the one that is told to end it. */
let there: string;
let here: string;
beforeAll(async () => {
  // Credentials are looked at again every lease: it is being told that ends a connection before.
  system = await startReliability({ env: { gateway: { LEASE_TTL_MS: '300000' } } });
  const [first, second] = gatewaysOf(system);
  [there, here] = [first.url, second.url];
  scene = await createScenes(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);

type Namespace = '/client' | '/agent';
type Credentials = Record<string, string>;

interface Live {
  namespace: Namespace;
  credentials: Credentials;
  /** Makes the credential end. */
  revoke(): Promise<unknown>;
}

const admin = () => ({ adminKey: system.stack.adminKey });
const newPassword = () => randomBytes(12).toString('hex');

/** A person that has logged in: its connection, and what ends its session. */
async function loggedIn(revoke: (own: Own) => Promise<unknown>): Promise<Live> {
  const { person } = await scene();
  const own = { ...person, ...(await logIn(person)) };
  return {
    namespace: '/client',
    credentials: { token: own.access_token },
    revoke: () => revoke(own),
  };
}

type Own = Scene['person'] & Awaited<ReturnType<typeof logIn>>;

function logIn({ username, password }: { username: string; password: string }) {
  return createRest(here).request('login', { body: { username, password } });
}

function change(own: Own, body: RestInput<'updateUser'>['body']) {
  return createRest(here).request('updateUser', { params: { user_id: own.id }, body }, admin());
}

/** An agent with a key of its own, connected with it, or with a token that it was exchanged for. */
async function withKey(
  by: 'key' | 'token',
  revoke: (own: { agent_id: `agt_${string}`; key_id: string }) => Promise<unknown>,
): Promise<Live> {
  const { id, key_id, api_key } = await createAgent(here, system.stack.adminKey);
  const bearer = { bearer: api_key };
  const { access_token } = await createRest(here).request('agentToken', {}, bearer);
  return {
    namespace: '/agent',
    credentials: by === 'key' ? { api_key } : { token: access_token },
    revoke: () => revoke({ agent_id: id as `agt_${string}`, key_id }),
  };
}

const CAUSES: Record<string, () => Promise<Live>> = {
  'an API key is revoked': () =>
    withKey('key', (params) => createRest(here).request('revokeAgentKey', { params }, admin())),
  'the API key of a token is revoked': () =>
    withKey('token', (params) => createRest(here).request('revokeAgentKey', { params }, admin())),
  'an API key is replaced without an overlap': () => withKey('key', replaceAtOnce),
  'the API key of a token is replaced without an overlap': () => withKey('token', replaceAtOnce),
  'an agent is deleted': () =>
    withKey('key', ({ agent_id }) =>
      createRest(here).request('deleteAgent', { params: { agent_id } }, admin()),
    ),
  'the agent of a token is deleted': () =>
    withKey('token', ({ agent_id }) =>
      createRest(here).request('deleteAgent', { params: { agent_id } }, admin()),
    ),
  'a session is logged out': () =>
    loggedIn(({ refresh_token }) =>
      createRest(here).request('logout', { body: { refresh_token } }),
    ),
  'all sessions are logged out from another': () =>
    loggedIn(async (own) => {
      const { refresh_token } = await logIn(own);
      return createRest(here).request('logout', { body: { refresh_token, everywhere: true } });
    }),
  'a person is disabled': () => loggedIn((own) => change(own, { disabled: true })),
  'an operator sets a password': () => loggedIn((own) => change(own, { password: newPassword() })),
  'the password is changed from another session': () =>
    loggedIn(async (own) => {
      const { access_token: bearer } = await logIn(own);
      const body = { current_password: own.password, new_password: newPassword() };
      return createRest(here).request('changePassword', { body }, { bearer });
    }),
  'the account is deleted': () =>
    loggedIn(({ password, access_token: bearer }) =>
      createRest(here).request('deleteAccount', { body: { password } }, { bearer }),
    ),
  'a person is erased': () =>
    loggedIn(({ id }) =>
      createRest(here).request('eraseUser', { params: { user_id: id } }, admin()),
    ),
  'a used refresh token is shown again': () =>
    loggedIn(async ({ refresh_token }) => {
      const { refresh_token: next } = await refresh(refresh_token);
      await refresh(next);
      await expect(refresh(refresh_token)).rejects.toMatchObject({ code: 'unauthorized' });
    }),
};

function replaceAtOnce({ agent_id, key_id }: { agent_id: `agt_${string}`; key_id: string }) {
  const body = { replaces: key_id, overlap_s: 0 };
  return createRest(here).request('createAgentKey', { params: { agent_id }, body }, admin());
}

function refresh(refresh_token: string) {
  return createRest(here).request('refresh', { body: { refresh_token } });
}

async function endsWithin(socket: TestSocketBase, revoke: () => Promise<unknown>): Promise<void> {
  await revoke();
  await socket.disconnected();
  expect(socket.all('closing')).toEqual([{ code: 'revoked', reconnect: false }]);
}

describe.each(TRANSPORTS)('a live connection ends within a second when (%s)', (transport) => {
  test.each(Object.keys(CAUSES))('%s', async (cause) => {
    const live = await CAUSES[cause]?.();
    if (!live) throw new Error(`there is no ${cause}`);
    const { namespace, credentials, revoke } = live;
    const witness = await scene();
    const other = openTestSocket(transport, there, '/client', { token: witness.person.token });
    await other.synced();
    const socket = openTestSocket(transport, there, namespace, credentials);
    await socket.synced();
    await endsWithin(socket, revoke);
    // With the same credential there is no way back, on either gateway.
    for (const url of [there, here]) {
      const again = openTestSocket(transport, url, namespace, credentials);
      expect(await outcomeOf(again)).toBe('unauthorized');
    }
    // Nobody else was meant.
    expect(await other.raw('presence:watch', { identities: [] })).toMatchObject({ ok: true });
    other.close();
  });
});

test('a replayed refresh token ends its whole family, and no other session', async () => {
  const { person } = await scene();
  const [stolen, other] = [await logIn(person), await logIn(person)];
  const family = [stolen.refresh_token];
  for (let n = 0; n < 4; n += 1) {
    family.push((await refresh(family.at(-1) ?? '')).refresh_token);
  }
  // The last of a stolen copy's tokens, and the one that its owner has: all of them have ended.
  for (const token of [family[1] ?? '', ...family]) {
    await expect(refresh(token)).rejects.toMatchObject({ code: 'unauthorized' });
  }
  await expect(refresh(other.refresh_token)).resolves.toMatchObject({ user_id: person.id });
  const { entries } = await createRest(here).request(
    'listAudit',
    { query: { identity_id: person.id, action: 'user.refresh' } },
    admin(),
  );
  expect(entries.map(({ result }) => result)).toContain('unauthorized');
});

test('of several that show the same refresh token at once each goes on, once: a used token shown again ends the session', async () => {
  const { person } = await scene();
  const { refresh_token } = await logIn(person);
  const copies = await Promise.all(Array.from({ length: 3 }, () => refresh(refresh_token)));
  // All were handed out, and none was used.
  const next = [];
  for (const copy of copies) next.push(await refresh(copy.refresh_token));
  for (const one of next) await refresh(one.refresh_token);
  await expect(refresh(copies[0]?.refresh_token ?? '')).rejects.toMatchObject({
    code: 'unauthorized',
  });
});

test('a token of a session that has ended leaves nothing behind that outlives it', async () => {
  const { person } = await scene();
  const { access_token: bearer, refresh_token } = await logIn(person);
  await createRest(here).request('logout', { body: { refresh_token, everywhere: true } });
  const device = { device_id: 'phone', platform: 'fcm' as const, token: newPassword() };
  const change = { current_password: person.password, new_password: newPassword() };
  const rest = createRest(there);
  for (const attempt of [
    rest.request('registerPush', { body: device }, { bearer }),
    rest.request('changePassword', { body: change }, { bearer }),
    rest.request('deleteAccount', { body: { password: person.password } }, { bearer }),
  ]) {
    await expect(attempt).rejects.toMatchObject({ code: 'unauthorized' });
  }
  const params = { user_id: person.id };
  const left = await rest.request('getUser', { params }, admin());
  expect(left).toMatchObject({ sessions: 0, devices: 0 });
  await expect(logIn(person)).resolves.toMatchObject({ user_id: person.id });
});

test('a password is changed: the session that asked goes on, with its connection', async () => {
  const { person } = await scene();
  const own = await logIn(person);
  const socket = openTestSocket('ws', there, '/client', { token: own.access_token });
  await socket.synced();
  const body = { current_password: person.password, new_password: newPassword() };
  await createRest(here).request('changePassword', { body }, { bearer: own.access_token });
  expect(await socket.raw('presence:watch', { identities: [] })).toMatchObject({ ok: true });
  await expect(refresh(own.refresh_token)).resolves.toMatchObject({ user_id: person.id });
  socket.close();
});

describe.each(TRANSPORTS)('a token that runs out (%s)', (transport) => {
  /** Longer than it takes to connect with it, on a machine that is busy with others. */
  const TTL_S = 12;
  const shortToken = (id: string, sid: string, ttlSeconds = TTL_S) => {
    const secret = readFileSync(join(system.stack.dataDir, 'jwt_secret'), 'utf8').trim();
    const issue = createTokenIssuer({ key: hs256Key(secret), ttlSeconds });
    return issue({ identityId: id, credentialId: sid }).token;
  };
  const sessionOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string })
      .sid;

  test('ends its connection, and auth:refresh keeps it open', async () => {
    const { person, agent } = await scene();
    const session = sessionOf(person.token);
    const connect = (namespace: Namespace, token: string) =>
      openTestSocket(transport, there, namespace, { token }).synced();
    const from = performance.now();
    // The one that is renewed runs out first.
    const first = shortToken(agent.id, agent.keyId);
    const second = shortToken(person.id, session);
    const [lapsing, kept] = await Promise.all([
      connect('/client', second),
      connect('/agent', first),
    ]);
    const longer = shortToken(agent.id, agent.keyId, 60);
    expect(await kept.request('auth:refresh', { token: longer })).toMatchObject({ ok: true });
    await lapsing.disconnected();
    const ms = performance.now() - from;
    // Of whole seconds, and it began some time after the first one.
    expect(ms).toBeGreaterThan((TTL_S - 1) * 1_000 - 500);
    expect(lapsing.all('closing')).toMatchObject([{ code: 'token_expired', reconnect: true }]);
    // Longer than its first token.
    expect(await kept.raw('presence:watch', { identities: [] })).toMatchObject({ ok: true });
    kept.close();
  });
});
