import { LIMITS } from '@agent-messenger/contracts';
import {
  connectAgent,
  connectClient,
  type Agent,
  type Client,
  type TransportOptions,
} from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  metricOf,
  waitFor,
  type ServiceProcess,
} from '@agent-messenger/testkit';
import { WebSocket } from 'ws';
import { gatewaysOf, seqsTo, startReliability, type Reliability } from './setup';

/** What a busy machine keeps, though a process stands still for seconds now and then. */
const LEASE_TTL_MS = 15_000;
/** After this long without a word from the server a client knows that it has lost it. */
const SILENT_MS = LIMITS.pingIntervalMs + LIMITS.pingTimeoutMs;
/** For its way to another gateway, on a machine that is as busy as can be. */
const MOVE_MS = 30_000;
const backoff = { minMs: 50, maxMs: 500 };
const socketIo: TransportOptions = { transport: 'socket.io' };
const plain: TransportOptions = { transport: 'websocket', WebSocket };

let system: Reliability;
let stays: ServiceProcess;
let stops: ServiceProcess;
beforeAll(async () => {
  system = await startReliability({ env: { gateway: { LEASE_TTL_MS: `${LEASE_TTL_MS}` } } });
  [stays, stops] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);
const open: (Client | Agent)[] = [];
afterEach(() => Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 }))));

interface Side {
  /** The gateways, the first of which is tried first. */
  urls: string[];
  transport: TransportOptions;
}

/** A person and an agent on the SDK who say what they are told to say, and what each of them has got. */
async function talk(sides: { person: Side; agent: Side }) {
  const [identity, { username, password, user_id }] = await Promise.all([
    createAgent(stays.url, system.stack.adminKey),
    createPerson(stays.url),
  ]);
  const agent = await connectAgent({
    ...sides.agent.transport,
    url: sides.agent.urls,
    apiKey: identity.api_key,
    backoff,
  });
  const client = await connectClient({
    ...sides.person.transport,
    url: sides.person.urls,
    username,
    password,
    backoff,
  });
  open.push(agent, client);
  const { id } = await client.openConversation({ agent_id: identity.id });
  const seqs = { person: [] as number[], agent: [] as number[] };
  const handled: string[] = [];
  const moves: string[] = [];
  const statuses: string[] = [];
  client.on('event', ({ seq }) => seqs.person.push(seq));
  agent.on('event', ({ seq }) => seqs.agent.push(seq));
  agent.onMessage(({ content }) => void handled.push(content ?? ''));
  client.on('disconnected', ({ code }) => moves.push(code));
  agent.on('disconnected', ({ code }) => moves.push(code));
  return { identity, user_id, id, agent, client, seqs, handled, moves, statuses };
}

type Talk = Awaited<ReturnType<typeof talk>>;

test('a gateway stops for ever: its clients get elsewhere, presence follows, nothing is lost', async () => {
  const there = { urls: [stops.url, stays.url] };
  const here = { urls: [stays.url, stops.url] };
  const talks = await Promise.all([
    talk({ person: { ...there, transport: socketIo }, agent: { ...here, transport: plain } }),
    talk({ person: { ...here, transport: socketIo }, agent: { ...there, transport: plain } }),
  ]);
  const [lostPerson, lostAgent] = talks;
  const watched = { identities: [lostPerson.user_id as `usr_${string}`] };
  await lostPerson.agent.request('presence:watch', watched);
  lostPerson.agent.on('presence', ({ status }) => lostPerson.statuses.push(status));
  await lostAgent.client.watchPresence([lostAgent.identity.id]);
  lostAgent.client.on('presence', ({ status }) => lostAgent.statuses.push(status));
  await exchange(talks, 'before');
  expect(await metricOf(stops, 'gateway_connections')).toBe(2);
  expect(talks.flatMap(({ moves }) => moves)).toEqual([]);

  stops.pause();
  const meanwhile = exchange(talks, 'meanwhile');
  // Who has its leases renewed by nobody is offline, and those who watch are told.
  for (const { statuses } of talks) {
    await waitFor(() => statuses.includes('offline'));
  }

  // Somebody who tries the one that has stopped first gets in.
  const late = await connectAgent({
    url: there.urls,
    apiKey: (await createAgent(stays.url, system.stack.adminKey)).api_key,
    backoff,
  });
  open.push(late);
  await waitFor(() => talks.every(({ moves }) => moves.length > 0), {
    timeoutMs: SILENT_MS + MOVE_MS,
  });
  await meanwhile;
  await exchange(talks, 'after');
  expect(await metricOf(stays, 'gateway_connections')).toBe(5);
  for (const { handled, seqs, moves, statuses, client, id } of talks) {
    expect(moves).toEqual(['disconnected']);
    expect(handled).toEqual(['before', 'meanwhile', 'after']);
    const { messages, last_seq } = await client.conversation(id).history({ limit: 200 });
    expect(messages).toHaveLength(6);
    await waitFor(() => seqs.person.length === last_seq && seqs.agent.length === last_seq);
    expect(seqs).toEqual({ person: seqsTo(last_seq), agent: seqsTo(last_seq) });
    await waitFor(() => statuses.at(-1) === 'online');
    expect(statuses.slice(-2)).toEqual(['offline', 'online']);
  }
  await stops.kill();
}, 180_000);

/** Both sides of each say something; resolves when it is acked and has arrived. */
async function exchange(talks: readonly Talk[], content: string): Promise<void> {
  await Promise.all(
    talks.flatMap(({ client, agent, id }) => [
      client.conversation(id).send(content),
      agent.conversation(id).send(`agent: ${content}`),
    ]),
  );
  await waitFor(() => talks.every(({ handled }) => handled.includes(content)), {
    timeoutMs: SILENT_MS + MOVE_MS,
    describe: `${content} at the agents`,
  });
}
