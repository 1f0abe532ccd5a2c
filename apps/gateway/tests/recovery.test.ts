import { redisNames, type Lease, type LogAnnouncement } from '@agent-messenger/contracts';
import { connectRedis } from '@agent-messenger/service-kit';
import { rest, waitFor } from '@agent-messenger/testkit';
import { eventOf, silent } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, API_KEY, startHarness } from './harness';

/** For who waits for a renewal: soon, but not sooner than a busy machine comes round to it. */
const RENEWED_SOON = { LEASE_TTL_MS: '9000' };

let harness: Harness;
let gateway: TestGateway;

beforeEach(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterEach(() => harness.close());

/** An event that is committed and of which nobody is told. */
function commitUnrouted(content: string, senderId?: string): void {
  const log = harness.store.conversations.get('cnv_1')?.log ?? [];
  log.push(eventOf('cnv_1', log.length + 1, content, senderId));
}

const contents = (texts: string[]) => ({ contents: texts });
const names = () => redisNames(harness.prefix);
const redis = () =>
  connectRedis(harness.redis.url, { name: 'test', log: silent, scope: harness.scope });

test('what was committed while Redis was away is read when it is back, without a wake-up', async () => {
  const person = await harness.person(gateway, 'usr_1');
  await harness.redis.kill();
  commitUnrouted('while it was away');
  expect(person.socket.connected).toBe(true);
  await harness.redis.restart({ empty: true });
  await person.when('event');
  expect(person).toMatchObject(contents(['while it was away']));
  expect(person.socket.connected).toBe(true);

  // The lease is written again, so that live delivery goes on.
  // The gateway's connections to Redis come back one by one.
  const agent = await waitFor(() => harness.agent(gateway));
  await waitFor(async () => {
    await agent.send('cnv_1', 'm1', 'live again').catch(() => undefined);
    return person.contents.includes('live again');
  });
});

test('after it only conversations with something undelivered are read, whatever was touched before', async () => {
  const touched = ['cnv_2', 'cnv_3', 'cnv_4'];
  for (const id of touched) harness.store.addConversation(id, ['usr_1', AGENT]);
  const person = await harness.person(gateway, 'usr_1');
  const agent = await harness.agent(gateway);
  for (const id of touched) {
    await agent.send(id, id, 'taken before');
    const position = { conversation_id: id as `cnv_${string}`, seq: 1 };
    for (const one of [person, agent]) {
      await one.when('event', ({ conversation_id }) => conversation_id === id);
      await one.request('received', position);
    }
  }
  await waitFor(() =>
    touched.every((id) => {
      const delivered = harness.store.conversations.get(id)?.delivered;
      return delivered?.get('usr_1') === 1 && delivered.get(AGENT) === 1;
    }),
  );

  const before = harness.store.reads.length;
  await harness.redis.kill();
  commitUnrouted('while it was away');
  await harness.redis.restart({ empty: true });
  for (const one of [person, agent])
    await one.when('event', ({ conversation_id }) => conversation_id === 'cnv_1');
  expect(new Set(harness.store.reads.slice(before))).toEqual(new Set(['cnv_1']));
});

test('what was committed while the lease was gone is read at its renewal', async () => {
  const person = await harness.person(await harness.gateway(RENEWED_SOON), 'usr_1');
  const redis = await connectRedis(harness.redis.url, {
    name: 'test',
    log: silent,
    scope: harness.scope,
  });
  const key = redisNames(harness.prefix).lease('usr_1');
  await redis.del(key);
  commitUnrouted('routed to nobody');
  await person.when('event');
  expect(person).toMatchObject(contents(['routed to nobody']));
  expect(await redis.exists(key)).toBe(1);
});

test('while Redis stays away sockets close at their deadline, new ones wait, REST answers', async () => {
  gateway = await harness.gateway({ LEASE_TTL_MS: '3000' });
  const person = await harness.person(gateway, 'usr_1');
  harness.redis.pause();
  await person.disconnected();
  expect(person.all('closing')).toEqual([{ code: 'lease_lost', reconnect: true }]);

  const refused = await harness
    .socket(gateway, '/client', { token: harness.token('usr_1') })
    .refused();
  expect(refused).toEqual({ code: 'unavailable', retry_after_ms: expect.any(Number) as number });
  expect(
    await rest(gateway.url, 'GET', '/agents', { bearer: harness.token('usr_1') }),
  ).toMatchObject({ status: 200 });
  const login = { username: 'somebody', password: 'some-password' };
  expect(await rest(gateway.url, 'POST', '/auth/login', { body: login })).toMatchObject({
    status: 200,
  });
  const health = await rest(gateway.url, 'GET', '/health');
  expect(health.body).toMatchObject({
    status: 'degraded',
    dependencies: { redis: { status: 'down' }, messages: { status: 'ok' } },
  });
  expect((await fetch(`${gateway.internalUrl}/readyz`)).status).toBe(200);

  harness.redis.resume();
  await waitFor(() => harness.person(gateway, 'usr_1'));
});

test('a store that cannot commit is told by its name, while its service is there', async () => {
  harness.store.checkCommits = () => Promise.reject(new Error('disk full'));
  const health = await rest(gateway.url, 'GET', '/health');
  expect(health.body).toMatchObject({
    status: 'degraded',
    dependencies: { store: { status: 'down' }, messages: { status: 'ok' } },
  });
  harness.store.checkCommits = () => Promise.resolve();
  expect((await rest(gateway.url, 'GET', '/health')).body).toMatchObject({ status: 'ok' });
});

test('while messages is away a live socket stays, and its sends are answered', async () => {
  const person = await harness.person(gateway, 'usr_1');
  harness.store.failures = 1;
  const send = { conversation_id: 'cnv_1' as const, client_id: 'm1', content: 'hello' };
  expect(await person.request('message:send', send)).toMatchObject({
    ok: false,
    error: { code: 'unavailable', retry_after_ms: 700 },
  });
  expect(await person.request('message:send', send)).toMatchObject({ ok: true });
  await person.when('event');
});

test('another log ends the connections that began with the one before, at once and to come again', async () => {
  const person = await harness.person(gateway, 'usr_1');
  const publisher = await redis();
  const announce = (log_id: string) =>
    publisher.publish(names().log, JSON.stringify({ log_id } satisfies LogAnnouncement));
  await announce('log_1');
  await announce('log_2');
  await announce('log_2');
  await person.disconnected();
  expect(person.all('closing')).toEqual([
    { code: 'unavailable', reconnect: true, retry_after_ms: 0 },
  ]);
});

test.each([
  ['no JSON', 'not a message'],
  ['not what it should be', '{"type":"events","log_id":"log_1"}'],
])('%s on its channel ends nothing: the events of the next moment come', async (_what, text) => {
  const person = await harness.person(gateway, 'usr_1');
  const publisher = await redis();
  const lease = JSON.parse((await publisher.get(names().lease('usr_1'))) ?? '') as Lease;
  commitUnrouted('in what could not be read');
  for (const channel of [names().gateway(lease.gateway ?? ''), names().presence, names().log]) {
    await publisher.publish(channel, text);
  }
  await person.when('event');
  expect(person).toMatchObject(contents(['in what could not be read']));
  const line = gateway.lines.find(({ msg }) => String(msg).includes('was not carried out'));
  expect(JSON.stringify(line)).not.toContain('not a message');
});

test('what an agent had under way is told when its connection breaks, and when we end it not', async () => {
  const agent = await harness.agent(gateway);
  commitUnrouted('one');
  const person = await harness.person(gateway, 'usr_1');
  await person.send('cnv_1', 'm1', 'two');
  await waitFor(() => agent.contents.length === 2);
  await agent.raw('received', { conversation_id: 'cnv_1', seq: 1 });
  agent.close();
  await waitFor(() => harness.store.attempts.length === 1);
  const told = { agent_id: AGENT, log_id: 'log_1' };
  expect(harness.store.attempts).toEqual([
    { ...told, under_way: [{ conversation_id: 'cnv_1', seq: 2 }] },
  ]);

  const replaced = await harness.agent(gateway);
  await waitFor(() => replaced.contents.length === 1);
  const newer = await harness.agent(gateway);
  await replaced.disconnected();
  await waitFor(() => newer.contents.length === 1);
  await newer.raw('received', { conversation_id: 'cnv_1', seq: 2 });
  newer.close();
  const last = await harness.agent(gateway);
  expect(last.contents).toEqual([]);
  expect(harness.store.attempts).toHaveLength(1);
});

test('an agent that has told nothing of what it has dealt with, and leaves in order, was not broken', async () => {
  const before = harness.store.attempts.length;
  const plain = () => harness.plain(gateway, '/agent', { api_key: API_KEY }).synced();
  commitUnrouted('unanswered', 'usr_1');
  for (const connect of [plain, () => harness.agent(gateway)]) {
    const agent = await connect();
    await agent.when('event');
    agent.close();
  }
  const broken = await plain();
  await broken.when('event');
  broken.socket.terminate();
  await waitFor(() => harness.store.attempts.length > before);
  expect(harness.store.attempts).toHaveLength(before + 1);
});
