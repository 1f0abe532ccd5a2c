import { redisNames } from '@agent-messenger/contracts';
import { connectRedis } from '@agent-messenger/service-kit';
import { rest, waitFor } from '@agent-messenger/testkit';
import { eventOf, silent } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';

const LEASE_TTL_MS = 3_000;

let harness: Harness;
let gateway: TestGateway;

beforeEach(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ LEASE_TTL_MS: `${LEASE_TTL_MS}` });
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterEach(() => harness.close());

/** An event that is committed and of which nobody is told. */
function commitUnrouted(content: string): void {
  const log = harness.store.conversations.get('cnv_1')?.log ?? [];
  log.push(eventOf('cnv_1', log.length + 1, content));
}

const contents = (texts: string[]) => ({ contents: texts });

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

test('what was committed while the lease was gone is read at its renewal', async () => {
  const person = await harness.person(gateway, 'usr_1');
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
  const person = await harness.person(gateway, 'usr_1');
  const from = performance.now();
  harness.redis.pause();
  await person.disconnected();
  expect(performance.now() - from).toBeLessThan(LEASE_TTL_MS + 500);
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
