import { connectAgent, connectClient, type Agent, type Client } from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  inParallel,
  metricOf,
  type ServiceProcess,
  type TestSocket,
  waitFor,
} from '@agent-messenger/testkit';
import { gatewaysOf, seqsTo, startReliability, type Reliability } from './setup';

/** What a busy machine keeps, though a process stands still for seconds now and then. */
const LEASE_TTL_MS = 15_000;
const DRAIN_SPREAD_MS = 1_000;
const backoff = { minMs: 50, maxMs: 500 };

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  system = await startReliability({
    env: { gateway: { LEASE_TTL_MS: `${LEASE_TTL_MS}`, DRAIN_SPREAD_MS: `${DRAIN_SPREAD_MS}` } },
  });
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);
const open: (Client | Agent)[] = [];
afterEach(async () => {
  system.closeSockets();
  await Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 })));
});

/** A person and an echoing agent on the SDK, with what the person has received. */
async function talk(urls: string[]) {
  const [identity, { username, password }] = await Promise.all([
    createAgent(first.url, system.stack.adminKey),
    createPerson(first.url),
  ]);
  const agent = await connectAgent({ url: urls, apiKey: identity.api_key, backoff });
  const client = await connectClient({
    url: urls.toReversed(),
    username,
    password,
    backoff,
  });
  open.push(agent, client);
  agent.onMessage((message, reply) => reply.send(`re: ${message.content}`));
  const conversation = await client.openConversation({ agent_id: identity.id });
  const seqs: number[] = [];
  const answers: string[] = [];
  client.on('event', (event) => {
    seqs.push(event.seq);
    if (event.type === 'message.created' && event.actor.id === identity.id) {
      answers.push(event.message.content ?? '');
    }
  });
  return { client, agent, conversation, seqs, answers };
}

test('a gateway is killed: what its clients missed comes elsewhere, who stays away goes offline', async () => {
  const [stays, moves] = await Promise.all([system.pair(), system.pair()]);
  // The agents first: nobody is told of anybody who is offline.
  await system.socket(second, stays.agent).synced();
  const before = await system.socket(second, moves.agent).synced();
  const watcher = await system.socket(first, stays.person).synced();
  const person = await system.socket(first, moves.person).synced();
  await person.send(moves.conversation, 'before', 'before');
  await before.when('event', ({ seq }) => seq === 2);
  await before.request('received', { conversation_id: moves.conversation, seq: 2 });
  await person.when('receipt', ({ delivered_seq }) => delivered_seq === 2);

  await second.kill('SIGKILL');
  await Promise.all([1, 2, 3].map((n) => person.send(moves.conversation, `m${n}`, `missed ${n}`)));
  const after = await system.socket(first, moves.agent).synced();
  expect(after.events.map(({ seq }) => seq)).toEqual([3, 4, 5]);
  await watcher.when('presence', ({ status }) => status === 'offline');
  expect(watcher.all('presence').map(({ status }) => status)).toEqual(['online', 'offline']);
  // Who came back within the time was never seen to go.
  expect(person.all('presence').map(({ status }) => status)).not.toContain('offline');
  await second.start();
});

test('a rolling restart of all gateways under load loses nothing, and everybody is back', async () => {
  const talks = await inParallel([1, 2, 3, 4, 5, 6], (n) =>
    talk(n % 2 ? [first.url, second.url] : [second.url, first.url]),
  );
  const reasons: string[] = [];
  for (const side of talks.flatMap(({ client, agent }) => [client, agent])) {
    // The same listener on both sides, of which a union cannot be called.
    if ('watchPresence' in side) side.on('disconnected', ({ code }) => reasons.push(code));
    else side.on('disconnected', ({ code }) => reasons.push(code));
  }
  let isOver = false;
  const sent = talks.map(async ({ conversation }) => {
    const texts: string[] = [];
    for (let n = 1; !isOver; n += 1) {
      texts.push(`${n}`);
      await conversation.send(`${n}`);
    }
    return texts;
  });
  for (const gateway of [first, second]) {
    await gateway.stop();
    expect(gateway.lastEnd).toBe('exit code 0');
    await gateway.start();
  }
  await Promise.all(
    talks.map(({ client }) => client.request('presence:watch', { identities: [] })),
  );
  isOver = true;
  const texts = await Promise.all(sent);
  for (const [index, { seqs, answers }] of talks.entries()) {
    const wanted = (texts[index] ?? []).map((text) => `re: ${text}`);
    await waitFor(() => answers.length >= wanted.length, { describe: 'all answers' });
    expect(answers).toEqual(wanted);
    // Each event once and in order.
    expect(seqs).toEqual(seqsTo(seqs.at(-1) ?? 0));
  }
  // Each is moved by one gateway or both, and for no other reason.
  expect(reasons.length).toBeGreaterThanOrEqual(2 * talks.length);
  expect(new Set(reasons)).toEqual(new Set(['draining']));
}, 120_000);

test('a connection of a certain age is asked to move, not all at the same moment', async () => {
  const gateway = await system.stack.addGateway({ env: { MAX_CONNECTION_AGE_S: '10' } });
  const { client, conversation, answers } = await talk([gateway.url]);
  const reasons: string[] = [];
  client.on('disconnected', ({ code }) => reasons.push(code));
  const members = await Promise.all(Array.from({ length: 20 }, () => system.person()));
  const sockets: TestSocket[] = [];
  const ended: TestSocket[] = [];
  const ends: Promise<number>[] = [];
  for (const member of members) {
    const from = performance.now();
    const socket = await system.socket(gateway, member).synced();
    sockets.push(socket);
    ends.push(
      socket.disconnected().then(() => {
        ended.push(socket);
        return performance.now() - from;
      }),
    );
  }
  expect(Math.min(...(await Promise.all(ends)))).toBeGreaterThan(8_900);
  // Of the same age all of them, they would go in the order in which they came.
  expect(ended.map((socket) => sockets.indexOf(socket))).not.toEqual([...sockets.keys()]);
  for (const socket of sockets) {
    expect(socket.all('closing')).toEqual([
      { code: 'max_age', reconnect: true, retry_after_ms: 0 },
    ]);
  }
  await waitFor(() => reasons.length > 0);
  expect(new Set(reasons)).toEqual(new Set(['max_age']));
  await conversation.send('still here');
  await waitFor(() => answers.at(-1) === 're: still here');
  await gateway.stop();
}, 120_000);

test('take-overs of one identity are limited, on all gateways together', async () => {
  const env = { TAKE_OVERS_PER_MINUTE: '5' };
  const gateways = await Promise.all([1, 2].map(() => system.stack.addGateway({ env })));
  const member = await system.agent();
  const taken: TestSocket[] = [];
  for (let n = 0; n < 5; n += 1) {
    taken.push(await system.socket(gateways[n % 2] ?? first, member).synced());
  }
  for (const gateway of gateways) {
    expect(await system.socket(gateway, member).refused()).toEqual({
      code: 'rate_limited',
      retry_after_ms: expect.any(Number) as number,
    });
  }
  // The one that stands is not replaced by those that were refused.
  const connections = async () => {
    const counts = gateways.map((each) => metricOf(each, 'gateway_connections'));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };
  await Promise.all(taken.slice(0, -1).map((socket) => socket.disconnected()));
  await waitFor(async () => (await connections()) === 1, { describe: 'the end of the others' });
  expect(taken.at(-1)?.socket.connected).toBe(true);
});
