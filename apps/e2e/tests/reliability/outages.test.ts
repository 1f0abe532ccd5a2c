import {
  createAgent,
  createPerson,
  rest,
  TestSocket,
  waitFor,
  type Person,
  type ServiceProcess,
} from '@agent-messenger/testkit';
import { gatewaysOf, startReliability, type Pair, type Reliability } from './setup';

/** What a busy machine keeps, though a process stands still for seconds now and then. */
const LEASE_TTL_MS = 15_000;
/** With a hint of when to try again. */
const UNAVAILABLE = { code: 'unavailable', retry_after_ms: expect.any(Number) as number };

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
let known: Person;

beforeAll(async () => {
  system = await startReliability({ env: { gateway: { LEASE_TTL_MS: `${LEASE_TTL_MS}` } } });
  [first, second] = gatewaysOf(system);
  known = await createPerson(first.url);
}, 60_000);
afterAll(() => system.stop(), 60_000);
afterEach(() => system.closeSockets());

/** The person on the first gateway, the agent on the second. */
async function connect({ person, agent }: Pair): Promise<[TestSocket, TestSocket]> {
  return Promise.all([
    system.socket(first, person).synced(),
    system.socket(second, agent).synced(),
  ]);
}

function login() {
  const { username, password } = known;
  return rest(first.url, 'POST', '/auth/login', { body: { username, password } });
}

async function readiness() {
  const answer = await fetch(`${first.internalUrl}/readyz`);
  const body = (await answer.json()) as { dependencies: Record<string, { status: string }> };
  return { status: answer.status, body };
}

async function roundTrip(from: TestSocket, to: TestSocket, pair: Pair, id: string): Promise<void> {
  const { message } = await from.send(pair.conversation, id, id);
  await to.when('event', ({ seq, conversation_id }) => {
    return conversation_id === pair.conversation && seq === message.seq;
  });
}

describe('Redis', () => {
  test('restarts empty: sends still commit, live delivery resumes, nobody is disconnected', async () => {
    const pairs = await Promise.all(Array.from({ length: 10 }, () => system.pair()));
    const connected = await Promise.all(pairs.map(connect));
    const [pair] = pairs as [Pair];
    const [[person, agent]] = connected as [[TestSocket, TestSocket]];
    const watched = { identities: [pair.agent.id as `agt_${string}`] };
    await person.request('presence:watch', watched);
    const pids = system.stack.pids();

    await system.stack.redis.kill();
    const { message } = await person.send(pair.conversation, 'away', 'while it was away');
    await system.stack.redis.start({ empty: true });
    await agent.when('event', ({ seq }) => seq === message.seq);
    await Promise.all(
      connected.map(async ([one, other], index) => {
        await roundTrip(one, other, pairs[index] as Pair, 'there');
        await roundTrip(other, one, pairs[index] as Pair, 'back');
      }),
    );
    expect(connected.flat().map(({ socket }) => socket.connected)).not.toContain(false);
    expect(connected.flat().flatMap((socket) => socket.all('closing'))).toEqual([]);
    expect(system.stack.pids()).toEqual({ ...pids, redis: expect.any(Number) as number });
    // The renewals tell anew who is there.
    await waitFor(async () => {
      const answer = await person.request('presence:watch', watched);
      return answer.ok && answer.presence[0]?.status === 'online';
    });
  });

  test('stays down: REST and logins answer, sockets end with their lease, new ones wait', async () => {
    const pair = await system.pair();
    const [person, agent] = await connect(pair);
    await system.stack.redis.kill();
    await roundTripOverRest(pair);
    await Promise.all([person.disconnected(), agent.disconnected()]);
    expect(person.all('closing')).toEqual([{ code: 'lease_lost', reconnect: true }]);

    expect(await system.socket(first, pair.person).refused()).toEqual(UNAVAILABLE);
    const agents = await rest(first.url, 'GET', '/agents', { bearer: pair.person.token });
    expect(agents.status).toBe(200);
    expect(await login()).toMatchObject({ status: 200 });
    const ready = await readiness();
    expect(ready).toMatchObject({
      status: 200,
      body: { status: 'ready', dependencies: { redis: { status: 'down' } } },
    });

    await system.stack.redis.start();
    const back = await waitFor(() => connect(pair), { describe: 'connections', intervalMs: 200 });
    expect(back[1].contents).toEqual(['by REST']);
    await roundTrip(back[0], back[1], pair, 'again');
  });

  async function roundTripOverRest({ person, conversation }: Pair): Promise<void> {
    const sent = await rest(first.url, 'POST', `/conversations/${conversation}/messages`, {
      bearer: person.token,
      body: { client_id: 'rest', content: 'by REST' },
    });
    expect(sent.status).toBe(201);
  }
});

describe('messages', () => {
  test('is down: sends, logins and connects wait, live sockets stay, a retry is stored once', async () => {
    const pair = await system.pair();
    const [person, agent] = await connect(pair);
    await system.stack.messages.kill();
    const send = { conversation_id: pair.conversation, client_id: 'again', content: 'again' };
    const refused = await person.request('message:send', send);
    expect(refused).toMatchObject({ ok: false, error: UNAVAILABLE });
    expect(await login()).toMatchObject({ status: 503, body: UNAVAILABLE });
    // Refused before the lease is asked for: the connection that stands is not replaced.
    expect(await system.socket(second, pair.person).refused()).toEqual(UNAVAILABLE);

    await system.stack.messages.start();
    const accepted = await person.send(pair.conversation, 'again', 'again');
    expect(accepted).toMatchObject({ duplicate: false, message: { seq: 2 } });
    await agent.when('event', ({ seq }) => seq === 2);
    expect(await person.send(pair.conversation, 'again', 'again')).toMatchObject({
      duplicate: true,
      message: { id: accepted.message.id },
    });
    expect([person.socket.connected, agent.socket.connected]).toEqual([true, true]);
  });

  test('dies between the commit and the delivery: the relay goes on from its offset', async () => {
    const pair = await system.pair();
    const [person, agent] = await connect(pair);
    // Shorter than a lease, so that nobody has another reason to look at the log.
    system.stack.redis.pause();
    const acked = await Promise.all(
      ['one', 'two', 'three'].map((text) => person.send(pair.conversation, text, text)),
    );
    await system.stack.messages.kill();
    expect(agent.contents).toEqual([]);
    system.stack.redis.resume();
    await system.stack.messages.start();
    await agent.when('event', ({ seq }) => seq === Math.max(...acked.map((a) => a.message.seq)));
    expect(agent.contents).toEqual(['one', 'two', 'three']);
    expect(agent.socket.connected).toBe(true);
  });
});

test('auth is down: live sockets and agents with a token go on, logins wait', async () => {
  const pair = await system.pair();
  const [person, agent] = await connect(pair);
  const other = await createAgent(first.url, system.stack.adminKey);
  const tokens = await rest(first.url, 'POST', '/auth/agent/token', { bearer: other.api_key });
  const { access_token: token } = tokens.body as { access_token: string };

  await system.stack.auth.kill();
  expect(await login()).toMatchObject({ status: 503, body: UNAVAILABLE });
  await roundTrip(person, agent, pair, 'without-auth');
  await system.socket(second, { id: other.id, kind: 'agent', token }).synced();
  const withKey = new TestSocket(second.url, '/agent', { api_key: other.api_key });
  expect(await withKey.refused()).toEqual(UNAVAILABLE);
  withKey.close();

  await system.stack.auth.start();
  expect(await login()).toMatchObject({ status: 200 });
  expect([person.socket.connected, agent.socket.connected]).toEqual([true, true]);
});
