import {
  inParallel,
  metricOf,
  type ServiceProcess,
  TestSocket,
  TestSocketPlain,
  waitFor,
} from '@agent-messenger/testkit';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { heldBytes, INSPECTED, residentBytes } from './memory';
import {
  gatewaysOf,
  seqsTo,
  startReliability,
  type ConversationId,
  type Member,
  type Reliability,
} from './setup';

const READERS = 1_000;
/** More than the kernel takes for a connection (about 3 MiB on Linux' loopback) and the gateway keeps for it. */
const BACKLOG = { messages: 84, characters: 60_000 };
/** Longer than it takes until all of them are there and nothing more is taken. */
const SLOW_CONSUMER_MS = 40_000;
/** So many round trips without an event for a deaf reader: the rest waits in the log. */
const STILL_FOR = 20;
const MIB = 1024 * 1024;
/** The high-water mark, an event that goes beyond it, and the connection itself. */
const HELD_BYTES = 0.5 * MIB;
/** With what passed through and V8 has not collected yet. */
const RESIDENT_BYTES = 2 * MIB;

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  const gateway = { ...INSPECTED, SLOW_CONSUMER_MS: `${SLOW_CONSUMER_MS}` };
  system = await startReliability({ env: { gateway } });
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);

const connections = () => metricOf(first, 'gateway_connections');

test('a thousand who do not read hurt nobody, cost bounded memory, are cut and resume', async () => {
  const pair = await system.pair();
  const people = await inParallel(Array.from({ length: READERS }), () => system.person());
  const conversation = await shareBacklog(people);
  const [person, agent] = await Promise.all([
    system.socket(first, pair.person).synced(),
    system.socket(second, pair.agent).synced(),
  ]);
  const before = { held: await heldBytes(system, first), resident: await residentBytes(first) };
  let resident = before.resident;
  let trips = 0;
  let worst = 0;
  const roundTrip = async () => {
    const begin = performance.now();
    const { message } = await person.send(pair.conversation, `trip-${trips}`, 'meanwhile');
    await Promise.all(
      [person, agent].map((each) => each.when('event', ({ seq }) => seq === message.seq)),
    );
    worst = Math.max(worst, performance.now() - begin);
    trips += 1;
    resident = Math.max(resident, await residentBytes(first));
  };

  const deaf = inParallel(people, (one, index) =>
    index % 2 ? deafSocketIo(one) : deafWebSocket(one),
  );
  /** Events for the deaf: the person's own are the others. */
  const written = async () => (await metricOf(first, 'gateway_events_written_total')) - trips;
  let last = { written: 0, trips: 0 };
  let areThere = false;
  void deaf.then(() => (areThere = true));
  // On a machine that is slow the first are cut before the last have filled their buffers.
  const isFilling = async () => (await connections()) > READERS && trips - last.trips < STILL_FOR;
  while (!areThere || (await isFilling())) {
    await roundTrip();
    const now = { written: await written(), trips };
    if (now.written !== last.written) last = now;
  }
  const sockets = await deaf;
  const left = (await connections()) - 1;
  const held = ((await heldBytes(system, first)) - before.held) / left;
  expect(last.written).toBeLessThan(READERS * BACKLOG.messages);
  expect(left).toBeGreaterThan(READERS / 2);
  expect(held).toBeLessThan(HELD_BYTES);

  while ((await connections()) > 1) await roundTrip();
  resident = (resident - before.resident) / READERS;
  process.stderr.write(
    `${trips} round trips beside ${READERS} deaf readers, the longest ${worst.toFixed(0)} ms; each of them ` +
      `cost ${(held / MIB).toFixed(2)} MiB, ${(resident / MIB).toFixed(2)} MiB resident\n`,
  );
  expect(trips).toBeGreaterThan(10);
  expect(resident).toBeLessThan(RESIDENT_BYTES);

  for (const socket of sockets) socket.terminate();
  await allResume(people, conversation);
}, 300_000);

/**
 * One conversation full of undelivered messages that all of them are members of, so that a thousand backlogs need not
 * be written. The store knows such conversations; nothing public makes them yet.
 */
async function shareBacklog(people: readonly Member[]): Promise<ConversationId> {
  const [owner] = people as [Member];
  const agent = await system.agent();
  const conversation = await system.open(owner, agent);
  await system.write(agent, conversation, BACKLOG.messages, 'x'.repeat(BACKLOG.characters));
  const { messages, dataDir } = system.stack;
  await messages.stop();
  const db = new Database(join(dataDir, 'messages.db'));
  const add = db.prepare(
    `INSERT OR IGNORE INTO members (conversation, identity, joined_seq, rev, message_pos, pending)
     SELECT m.conversation, i.n, m.joined_seq, m.rev, m.message_pos, m.pending
     FROM identities i JOIN conversations c JOIN identities o
       JOIN members m ON m.conversation = c.n AND m.identity = o.n
     WHERE i.id = ? AND c.id = ? AND o.id = ?`,
  );
  db.transaction(() => people.forEach(({ id }) => add.run(id, conversation, owner.id)))();
  db.close();
  await messages.start();
  return conversation;
}

/** Reads the greeting and nothing after it. */
async function deafWebSocket({ token }: Member): Promise<WebSocket> {
  const reader = new TestSocketPlain(first.url, '/client', { token });
  reader.socket.once('message', () => reader.socket.pause());
  await waitFor(() => reader.all('connected').length > 0, { intervalMs: 5 });
  return reader.socket;
}

/** The same on Socket.IO. */
async function deafSocketIo({ token }: Member): Promise<WebSocket> {
  const { socket } = new TestSocket(first.url, '/client', { token });
  await new Promise((resolve) => socket.once('connected', resolve));
  const { ws } = socket.io.engine.transport as unknown as { ws: WebSocket };
  ws.pause();
  return ws;
}

/**
 * Some get all of it; the others, so that gigabytes need not flow once more, what they have not got elsewhere
 * meanwhile.
 */
async function allResume(people: readonly Member[], conversation: ConversationId): Promise<void> {
  const last = BACKLOG.messages + 1;
  const seqsOf = async (member: Member) => {
    const socket = await new TestSocketPlain(second.url, '/client', {
      token: member.token,
    }).synced();
    socket.close();
    return socket.events.map(({ seq }) => seq);
  };
  for (const member of people.slice(0, 5)) expect(await seqsOf(member)).toEqual(seqsTo(last));
  const others = people.slice(5);
  const operations = others.map(({ id }) => ({
    op: 'received' as const,
    identity_id: id,
    epoch: null,
    conversation_id: conversation,
    seq: last - 3,
  }));
  await system.store.append({ operations });
  const resumed = await inParallel(others, seqsOf);
  expect(resumed).toEqual(others.map(() => seqsTo(last, last - 2)));
}
