import { TestSocketPlain, waitFor, type ServiceProcess } from '@agent-messenger/testkit';
import {
  gatewaysOf,
  inParallel,
  metricOf,
  seqsTo,
  startReliability,
  type Member,
  type Reliability,
} from './setup';

const READERS = 300;
/** More than the kernel takes for a connection (about 3 MiB on Linux' loopback) and the gateway keeps for it. */
const BACKLOG = { messages: 84, characters: 60_000 };
const SLOW_CONSUMER_MS = 3_000;
/** The high-water mark, a page that waits to be written, and what V8 has not collected of both. */
const PER_READER_BYTES = 8 * 1024 * 1024;

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  system = await startReliability({
    env: { gateway: { SLOW_CONSUMER_MS: `${SLOW_CONSUMER_MS}` } },
  });
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);

test('hundreds who do not read hurt nobody, cost bounded memory, are cut and resume', async () => {
  const pair = await system.pair();
  const people = await inParallel(Array.from({ length: READERS }), () => system.person());
  await writeBacklogs(people);
  const [person, agent] = await Promise.all([
    system.socket(first, pair.person).synced(),
    system.socket(second, pair.agent).synced(),
  ]);
  const before = await metricOf(first, 'process_resident_memory_bytes');
  const deaf = await inParallel(people, connectDeaf);
  let peak = before;
  let trips = 0;
  let worst = 0;
  while ((await metricOf(first, 'gateway_connections')) > 1) {
    const begin = performance.now();
    const { message } = await person.send(pair.conversation, `trip-${trips}`, 'meanwhile');
    await agent.when('event', ({ seq }) => seq === message.seq);
    worst = Math.max(worst, performance.now() - begin);
    trips += 1;
    peak = Math.max(peak, await metricOf(first, 'process_resident_memory_bytes'));
  }
  const perReader = (peak - before) / READERS;
  process.stderr.write(
    `${trips} round trips beside ${READERS} deaf readers, the longest ${worst.toFixed(0)} ms; ` +
      `${(perReader / 1024 / 1024).toFixed(1)} MiB for each of them\n`,
  );
  expect(trips).toBeGreaterThan(10);
  expect(perReader).toBeLessThan(PER_READER_BYTES);
  // The rest was left in the log.
  const written = await metricOf(first, 'gateway_events_written_total');
  expect(written).toBeLessThan(READERS * BACKLOG.messages);

  for (const { socket } of deaf) socket.terminate();
  const last = BACKLOG.messages + 1;
  for (const back of people.slice(0, 5)) {
    const { events } = await system.socket(second, back).synced();
    expect(events.map(({ seq }) => seq)).toEqual(seqsTo(last));
  }
}, 120_000);

/** Each has a conversation full of undelivered messages. */
async function writeBacklogs(people: readonly Member[]): Promise<void> {
  const agent = await system.agent();
  const content = 'x'.repeat(BACKLOG.characters);
  for (const person of people) {
    const conversation = await system.open(person, agent);
    await system.write(agent, conversation, BACKLOG.messages, content);
  }
}

/** Reads the greeting and nothing after it. */
async function connectDeaf({ token }: Member): Promise<TestSocketPlain> {
  const reader = new TestSocketPlain(first.url, '/client', { token });
  reader.socket.once('message', () => reader.socket.pause());
  await waitFor(() => reader.all('connected').length > 0, { intervalMs: 5 });
  return reader;
}
