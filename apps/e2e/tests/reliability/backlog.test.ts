import { inParallel, metricOf, type ServiceProcess, waitFor } from '@agent-messenger/testkit';
import { gatewaysOf, seqsTo, startReliability, type Member, type Reliability } from './setup';

const EVENTS = 100_000;
const CONVERSATIONS = 10_000;
const BATCH = 1_000;
const MEMORY_BYTES = 200 * 1024 * 1024;

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  system = await startReliability();
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);
afterEach(() => system.closeSockets());

const memoryOf = (service: ServiceProcess) => metricOf(service, 'process_resident_memory_bytes');

test('a hundred thousand undelivered events: all come in order, and nobody else waits for them', async () => {
  const [behind, other] = await Promise.all([system.pair(), system.pair()]);
  for (let written = 0; written < EVENTS; written += BATCH) {
    await system.write(behind.agent, behind.conversation, BATCH, 'one of very many messages');
  }
  const [person, agent] = await Promise.all([
    system.socket(first, other.person).synced(),
    system.socket(second, other.agent).synced(),
  ]);
  const before = await memoryOf(first);
  let peak = before;
  const from = performance.now();
  const reader = system.socket(first, behind.person);
  const end = () => reader.all('synced').length > 0;
  let trips = 0;
  let worst = 0;
  while (!end()) {
    const begin = performance.now();
    const { message } = await person.send(other.conversation, `trip-${trips}`, 'meanwhile');
    await agent.when('event', ({ seq }) => seq === message.seq);
    worst = Math.max(worst, performance.now() - begin);
    trips += 1;
    peak = Math.max(peak, await memoryOf(first));
  }
  const seconds = (performance.now() - from) / 1_000;
  report(
    `${EVENTS} events in ${seconds.toFixed(1)} s; meanwhile ${trips} round trips, the longest ` +
      `${worst.toFixed(0)} ms; gateway ${mib(before)} MiB before, ${mib(peak)} MiB at most`,
  );
  expect(reader.events.map(({ seq }) => seq)).toEqual(seqsTo(EVENTS + 1));
  expect(trips).toBeGreaterThan(10);
  expect(peak - before).toBeLessThan(MEMORY_BYTES);
}, 90_000);

test('an agent with ten thousand conversations gets the three that have news', async () => {
  const agent = await system.agent();
  const people = await inParallel(Array.from({ length: 20 }), () => system.person());
  const openWith = async (person: Member) => ({ person, id: await system.open(person, agent) });
  const conversations = await inParallel(Array.from({ length: CONVERSATIONS }), (_, index) =>
    openWith(people[index % people.length] ?? agent),
  );
  for (let done = 0; done < CONVERSATIONS; done += BATCH) {
    const operations = conversations.slice(done, done + BATCH).map(({ id }) => ({
      op: 'received' as const,
      identity_id: agent.id,
      epoch: null,
      conversation_id: id,
      seq: 1,
    }));
    await system.store.append({ operations });
  }
  const news = conversations.filter((_each, index) => [17, 4_711, 9_999].includes(index));
  const tell = () => Promise.all(news.map(({ person, id }) => system.write(person, id, 1, 'news')));
  await tell();

  const from = performance.now();
  const socket = await system.socket(first, agent).synced();
  const ms = performance.now() - from;
  report(`synced after ${ms.toFixed(0)} ms`);
  expect(socket.events.map(({ conversation_id }) => conversation_id).toSorted()).toEqual(
    news.map(({ id }) => id).toSorted(),
  );
  // Nothing else was on its way: what comes next is what is said next.
  await tell();
  await waitFor(() => socket.events.length >= 6);
  expect(socket.events.map(({ seq }) => seq).toSorted()).toEqual([2, 2, 2, 3, 3, 3]);
}, 90_000);

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
