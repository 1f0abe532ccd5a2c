import {
  LIMITS,
  messagesCalls,
  redisNames,
  type GatewayMessage,
  type Health,
  type Operation,
} from '@agent-messenger/contracts';
import {
  connectRedis,
  createClient,
  loadConfig,
  pingDependency,
  Scope,
} from '@agent-messenger/service-kit';
import { startRedis, waitFor, type RedisProcess } from '@agent-messenger/testkit';
import BetterSqlite3 from 'better-sqlite3';
import { Queue } from 'bullmq';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { configSchema } from '../src/config';
import { startMessages } from '../src/service';
import { BY, refusal } from './conformance/world';
import { createTempStores, silent } from './temp-store';

let server: RedisProcess;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const stores = createTempStores();
const scopes: Scope[] = [];
function createScope(): Scope {
  const scope = new Scope(silent);
  scopes.push(scope);
  return scope;
}
afterEach(async () => {
  for (const scope of scopes.splice(0).reverse()) await scope.close();
  await stores.cleanUp();
});

const SECRET = 'between-services-'.repeat(3);

async function start(path: string) {
  const scope = createScope();
  const config = loadConfig(configSchema, {
    INTERNAL_JWT_SECRET: SECRET,
    INTERNAL_PORT: '0',
    HOST: '127.0.0.1',
    REDIS_URL: server.url,
    REDIS_PREFIX: 'component',
    DB_PATH: path,
    PUSH_GRACE_MS: '0',
    READER_THREADS: '0',
  });
  const { internalPort } = await startMessages(config, {
    log: silent,
    scope,
    metrics: new Registry(),
  });
  const url = `http://127.0.0.1:${internalPort}`;
  const client = (secret = SECRET) =>
    createClient(messagesCalls, { url, service: 'messages', secret, scope: createScope() });
  return { url, client, stop: () => scope.close() };
}

async function createTalk(
  client: Awaited<ReturnType<Awaited<ReturnType<typeof start>>['client']>>,
) {
  const { user_id } = await client.createUser({ username: 'ada', password_hash: 'h', by: BY });
  const agent = await client.createAgent({ name: 'Echo', key_id: 'k', key_hash: 'h', by: BY });
  const { conversation } = await client.createConversation({
    user_id,
    agent_id: agent.id as `agt_${string}`,
  });
  const send = (content: string, client_id: string): Operation => ({
    op: 'send',
    identity_id: agent.id,
    epoch: null,
    conversation_id: conversation.id as `cnv_${string}`,
    client_id,
    content,
  });
  return { user_id, agent_id: agent.id, conversation_id: conversation.id, send };
}

test('the main path over the wire: send, relay, push job, history, restart', async () => {
  const path = join(stores.folder(), 'messages.db');
  const first = await start(path);
  const client = first.client();
  const { user_id, agent_id, conversation_id, send } = await createTalk(client);
  const names = redisNames('component');
  const redis = await connectRedis(server.url, { name: 'test', log: silent, scope: createScope() });
  const gateway = redis.duplicate();
  const messages: GatewayMessage[] = [];
  gateway.on('message', (_, text: string) => messages.push(JSON.parse(text) as GatewayMessage));
  await gateway.connect().catch(() => undefined);
  scopes.at(-1)?.defer('gateway', () => gateway.disconnect());
  await waitFor(() => gateway.status === 'ready');
  await gateway.subscribe(names.gateway('g1'));
  const lease = { gateway: 'g1', connection_id: 'c', credential_id: 'k', epoch: 1 };
  await redis.set(names.lease(agent_id), JSON.stringify(lease));
  const registration = { device_id: 'd', platform: 'fcm' as const, token: 't' };
  const { session_id } = await client.createSession({
    user_id,
    refresh_digest: 'd',
    expires_at: '2099-01-01T00:00:00.000Z',
    by: BY,
  });
  await client.registerPush({ user_id, session_id, registration });

  const sends = ['a', 'b'].map((id) => client.append({ operations: [send('hi', id)] }));
  const results = (await Promise.all(sends)).flatMap((answer) => answer.results);
  expect(results.map((result) => result.ok)).toEqual([true, true]);
  await waitFor(() => {
    const events = messages.flatMap((message) => (message.type === 'events' ? message.frames : []));
    return events.filter(({ event }) => event.type === 'message.created').length === 2;
  });
  const queue = new Queue(names.pushQueue('fcm'), {
    connection: { host: '127.0.0.1', port: server.port },
    prefix: names.queuePrefix,
  });
  createScope().defer('queue', () => queue.close());
  await waitFor(async () => (await queue.getJobs(['waiting'])).length === 1);

  await first.stop();
  const after = (await start(path)).client();
  const history = await after.listMessages({ identity_id: user_id, conversation_id, limit: 9 });
  expect(history.messages.map(({ seq, content }) => [seq, content])).toEqual([
    [2, 'hi'],
    [3, 'hi'],
  ]);
  const retry = await after.append({ operations: [send('hi', 'a')] });
  expect(retry.results[0]).toMatchObject({ sent: { duplicate: true } });
});

test('a login at the cap leaves the session alone that the lease says is connected', async () => {
  const client = (await start(join(stores.folder(), 'messages.db'))).client();
  const { user_id } = await client.createUser({ username: 'eve', password_hash: 'h', by: BY });
  const redis = await connectRedis(server.url, { name: 'test', log: silent, scope: createScope() });
  let count = 0;
  const logIn = async () =>
    client.createSession({
      ...{ user_id, refresh_digest: `r${count++}`, expires_at: '2099-01-01T00:00:00.000Z', by: BY },
    });
  const ids: string[] = [];
  while (ids.length < LIMITS.sessionsPerPerson) ids.push((await logIn()).session_id);
  const [first = '', second = '', third = ''] = ids;
  const lease = { gateway: 'g1', connection_id: 'c', credential_id: first, epoch: 1 };
  const set = (held: object) =>
    redis.set(redisNames('component').lease(user_id), JSON.stringify({ ...lease, ...held }));
  const ended = async () => (await logIn()).ended.map(({ credential_id }) => credential_id);
  await set({});
  expect(await ended()).toEqual([second]);
  // A tombstone: nobody holds it.
  await set({ gateway: null });
  expect(await ended()).toEqual([first]);
  await redis.del(redisNames('component').lease(user_id));
  expect(await ended()).toEqual([third]);
});

test('a person that erases itself twice at once is told the second time that the session has ended', async () => {
  const client = (await start(join(stores.folder(), 'messages.db'))).client();
  const { user_id } = await client.createUser({ username: 'twin', password_hash: 'h', by: BY });
  const session = { user_id, refresh_digest: 'r', expires_at: '2099-01-01T00:00:00.000Z', by: BY };
  const { session_id } = await client.createSession(session);
  const erase = { user_id, session_id, by: BY };
  const [first, second] = [client.eraseUser(erase), client.eraseUser(erase)];
  const ended = [{ identity_id: user_id, credential_id: session_id }];
  expect(await first).toEqual({ ended });
  expect((await refusal(second)).code).toBe('unauthorized');
  expect((await refusal(client.eraseUser({ user_id, by: BY }))).code).toBe('not_found');
});

test('a conversation that is deleted is emptied beside the traffic', async () => {
  const path = join(stores.folder(), 'messages.db');
  const client = (await start(path)).client();
  const { user_id, conversation_id, send } = await createTalk(client);
  await client.append({
    operations: Array.from({ length: 300 }, (_, n) => send('text', `c${n}`)),
  });
  const ids = { identity_id: user_id, conversation_id };
  expect(await client.updateConversation({ ...ids, title: ' A title ' })).toMatchObject({
    title: 'A title',
    last_seq: 302,
  });
  const nothing = client.updateConversation(ids);
  expect((await refusal(nothing)).code).toBe('invalid_payload');
  await client.deleteConversation(ids);
  const raw = new BetterSqlite3(path, { readonly: true });
  createScope().defer('raw', () => raw.close());
  const left = raw.prepare('SELECT count(*) FROM log').pluck();
  await waitFor(() => left.get() === 1);
  const page = await client.readLog({ ...ids, epoch: null, after_seq: null, limit: 9 });
  expect(page.events.map(({ type }) => type)).toEqual(['conversation.deleted']);
});

test('a person that is erased is gone beside the traffic, and the agent is told', async () => {
  const path = join(stores.folder(), 'messages.db');
  const client = (await start(path)).client();
  const { user_id, agent_id, conversation_id, send } = await createTalk(client);
  await client.append({ operations: [send('text', 'c')] });
  const names = redisNames('component');
  const connect = () =>
    connectRedis(server.url, { name: 'test', log: silent, scope: createScope() });
  const [redis, gateway] = [await connect(), await connect()];
  const types: string[] = [];
  gateway.on('message', (_, text: string) => {
    const message = JSON.parse(text) as GatewayMessage;
    if (message.type === 'events') types.push(...message.frames.map(({ event }) => event.type));
  });
  await gateway.subscribe(names.gateway('g2'));
  const lease = { gateway: 'g2', connection_id: 'c', credential_id: 'k', epoch: 1 };
  await redis.set(names.lease(agent_id), JSON.stringify(lease));
  // An answer that is being written to it, and one of somebody else.
  const streams = [`${agent_id} answer`, `${agent_id} other`];
  for (const of of streams) {
    await redis.hset(names.stream(of), 'length', 4);
    await redis.set(names.streamText(of), 'text');
  }
  await redis.sadd(names.streamsOf(user_id), `${agent_id} answer`);

  expect(await client.eraseUser({ user_id, by: BY })).toEqual({ ended: [] });
  const [own = '', other = ''] = streams.map(names.streamText);
  expect(await redis.exists(own, names.stream(`${agent_id} answer`))).toBe(0);
  expect(await redis.exists(names.streamsOf(user_id))).toBe(0);
  expect(await redis.get(other)).toBe('text');
  await waitFor(() => types.includes('conversation.deleted'));
  const raw = new BetterSqlite3(path, { readonly: true });
  createScope().defer('raw', () => raw.close());
  const left = raw.prepare(
    'SELECT (SELECT count(id) FROM log) + (SELECT count(*) FROM erasures) + count(*) FROM users',
  );
  await waitFor(() => left.pluck().get() === 0);
  const ids = { identity_id: agent_id, conversation_id };
  const page = await client.readLog({ ...ids, epoch: null, after_seq: null, limit: 9 });
  expect(page.events.map(({ type }) => type)).toEqual(['conversation.deleted']);
  const { entries } = await client.listAudit({ identity_id: user_id, limit: 9 });
  expect(entries.map(({ action }) => action)).toEqual(['user.erase', 'user.create']);
});

test('replaying pushes that were given up is in the audit log', async () => {
  const client = (await start(join(stores.folder(), 'messages.db'))).client();
  // The queue is not waited for at the start.
  await waitFor(() => client.listDeadPushes({ limit: 9 }).catch(() => undefined));
  expect(await client.replayDeadPushes({ by: BY })).toEqual({ replayed: 0 });
  const { entries } = await client.listAudit({ limit: 9 });
  expect(entries).toMatchObject([{ ...BY, action: 'push.replay', target: null, result: 'ok' }]);
});

test('calls are for services, parsed, and refused with their code', async () => {
  const { client, url } = await start(join(stores.folder(), 'messages.db'));
  const stranger = client('another-secret-'.repeat(3));
  const asked = { agent_id: 'agt_none' };
  // Not `unauthorized`: that would be about the caller of the caller.
  expect((await refusal(stranger.getAgent(asked))).code).toBe('unavailable');
  expect((await refusal(client().getAgent(asked))).code).toBe('not_found');
  const empty = client().append({ operations: [] });
  expect((await refusal(empty)).code).toBe('invalid_payload');
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const name of ['append_batch_operations', 'append_seconds', 'relay_lag_events']) {
    expect(metrics).toContain(`messages_${name}`);
  }
  expect(metrics).toMatch(/messages_sqlite_wal_bytes \d+/);
  const ready = async () => {
    const answer = await fetch(`${url}/readyz`);
    expect(answer.status).toBe(200);
    return ((await answer.json()) as Health).dependencies;
  };
  // The queue is not waited for at the start.
  await waitFor(async () => (await ready())['queue']?.status === 'ok');
  expect(await ready()).toMatchObject({
    ...{ store: { status: 'ok' }, redis: { status: 'ok' }, queue: { status: 'ok' } },
  });
});

test('an operation that the store does not know is refused by itself', async () => {
  const client = (await start(join(stores.folder(), 'messages.db'))).client();
  const { send } = await createTalk(client);
  const newer = { op: 'pin', identity_id: 'agt_1', message_id: 'msg_1' } as unknown as Operation;
  const malformed = { ...send('c', 'c'), content: 7 } as unknown as Operation;
  const { results } = await client.append({
    operations: [send('a', 'a'), newer, malformed, send('b', 'b')],
  });
  const refused = {
    ok: false,
    error: { code: 'unavailable', message: expect.any(String), retry_after_ms: expect.any(Number) },
  };
  expect(results).toEqual([
    expect.objectContaining({ ok: true }),
    refused,
    refused,
    expect.objectContaining({ sent: expect.objectContaining({ duplicate: false }) }),
  ]);
  expect((await client.append({ operations: [newer] })).results).toEqual([refused]);
});

test('health tells that the store cannot commit while it can be read', async () => {
  const path = join(stores.folder(), 'messages.db');
  const { url, client } = await start(path);
  const store = async (only = '') => {
    const answer = await fetch(`${url}/readyz${only}`);
    const { dependencies } = (await answer.json()) as Health;
    return dependencies['store']?.status;
  };
  expect(await store()).toBe('ok');
  const other = new BetterSqlite3(path);
  createScope().defer('other', () => other.close());
  other.exec('BEGIN IMMEDIATE');
  expect(await client().listUsers({ limit: 1 })).toMatchObject({ users: [] });
  await waitFor(async () => (await store('?only=store')) === 'down');
  await expect(pingDependency(url, 'store')).rejects.toThrow();
  other.exec('COMMIT');
  await waitFor(async () => (await store()) === 'ok');
  await pingDependency(url, 'store');
});

test('a second process on the same file does not start', async () => {
  const path = join(stores.folder(), 'messages.db');
  await start(path);
  await expect(start(path)).rejects.toThrow(/in use by another process/);
});
