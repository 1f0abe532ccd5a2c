import { waitFor } from '@agent-messenger/testkit';
import { eventOf } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, connectionsOf, startHarness } from './harness';
import { RawSocket } from './raw-socket';

/** More than the kernel takes for a peer that does not read. */
const EVENTS = 500;

let harness: Harness;
let gateway: TestGateway;
/** Cuts nobody who is only slow: all sides of a test share one event loop. */
let patient: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ SLOW_CONSUMER_MS: '300' });
  patient = await harness.gateway();
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());

function commit(count: number): void {
  const log = harness.store.conversations.get('cnv_1')?.log ?? [];
  for (let i = 0; i < count; i += 1) {
    log.push(eventOf('cnv_1', log.length + 1, 'x'.repeat(60_000)));
  }
}

test('who does not read is cut, and has everything after a reconnect', async () => {
  const deaf = await RawSocket.person(gateway, harness.token('usr_1'));
  const agent = await harness.agent(patient);
  expect(await connectionsOf(gateway)).toBe(1);
  const socket = deaf.stopReading();
  commit(EVENTS);
  await agent.send('cnv_1', 'wake-up', 'the last one');
  await waitFor(async () => (await connectionsOf(gateway)) === 0);
  socket.resume();
  expect(await deaf.closed()).toBe(1006);

  const person = await harness.person(patient, 'usr_1');
  expect(person.events.map(({ seq }) => seq)).toEqual(
    Array.from({ length: EVENTS + 1 }, (_, i) => i + 1),
  );
});

test('who reads slowly, but reads, gets everything in order', async () => {
  const person = await RawSocket.person(patient, harness.token('usr_2'));
  harness.store.addConversation('cnv_2', ['usr_2', AGENT]);
  const log = harness.store.conversations.get('cnv_2')?.log ?? [];
  for (let seq = 1; seq <= EVENTS; seq += 1) log.push(eventOf('cnv_2', seq, 'x'.repeat(60_000)));
  const agent = await harness.agent(patient);
  await agent.send('cnv_2', 'wake-up', 'the last one');
  await person.frame((text) => text.includes('the last one'));
  const seqs = person.frames.flatMap((text) => {
    const seq = text.startsWith('42/client,["event"') ? /"seq":(\d+)/.exec(text)?.[1] : undefined;
    return seq === undefined ? [] : [Number(seq)];
  });
  expect(seqs).toEqual(Array.from({ length: EVENTS + 1 }, (_, i) => i + 1));
});
