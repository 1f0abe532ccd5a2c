import type { Event } from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import { eventOf } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());

/** Six bytes a character as JSON. */
const CONTROL = '\u0001';
const max_frame_bytes = LIMITS.maxFrameBytesLeast;

/** A conversation with so many messages of this content. */
function fill(id: string, person: string, count: number, content: string): void {
  harness.store.addConversation(id, [person, AGENT]);
  const log = harness.store.conversations.get(id)?.log ?? [];
  for (let seq = 1; seq <= count; seq += 1) log.push(eventOf(id, seq, content));
}

describe.each(['socket', 'plain'] as const)('%s', (transport) => {
  const person = `usr_${transport}`;
  const open = (wishes: object) =>
    harness[transport](gateway, '/client', { token: harness.token(person), ...wishes });

  test('nothing larger than it says is sent to a client, and what is cut says where the whole is', async () => {
    const id = `cnv_${transport}` as const;
    fill(id, person, 3, CONTROL.repeat(30_000));
    const socket = await open({ max_frame_bytes }).synced();
    const cut = (seq: number) => ({
      seq,
      truncated: true,
      fetch: `/conversations/${id}/events?after_seq=${seq - 1}&limit=1`,
      message: { content: CONTROL.repeat(LIMITS.previewBytes), truncated: true },
    });
    expect(socket.events).toMatchObject([1, 2, 3].map(cut));
    const page = await socket.request('sync', { conversation_id: id, after_seq: 0, limit: 200 });
    expect(page).toMatchObject({ events: [cut(1)], has_more: true });
    const sent = await socket.send(id, 'large', CONTROL.repeat(40_000));
    expect(sent.message).toMatchObject({ truncated: true, client_id: 'client-4' });
    const whole = await fetch(gateway.url + cut(4).fetch, {
      headers: { authorization: `Bearer ${harness.token(person)}` },
    });
    const { events } = (await whole.json()) as { events: Event[] };
    expect(events).toMatchObject([{ seq: 4, message: { content: CONTROL.repeat(40_000) } }]);
    expect(events[0]).not.toHaveProperty('truncated');
  });

  test('who says nothing gets everything whole', async () => {
    const id = `cnv_whole_${transport}` as const;
    fill(id, person, 1, CONTROL.repeat(LIMITS.contentBytes));
    const socket = await open({}).synced();
    const [event] = socket.events.filter(({ conversation_id }) => conversation_id === id);
    expect(event).toMatchObject({ message: { content: CONTROL.repeat(LIMITS.contentBytes) } });
  });

  test('a bound below the least is refused', async () => {
    const socket = open({ max_frame_bytes: max_frame_bytes - 1 });
    expect(await socket.refused()).toMatchObject({ code: 'invalid_payload' });
  });
});

test('the bound also comes in the query; no frame is larger', async () => {
  fill('cnv_query', 'usr_query', 4, CONTROL.repeat(20_000));
  const query = { token: harness.token('usr_query'), max_frame_bytes: `${max_frame_bytes}` };
  const socket = harness.plain(gateway, '/client', {}, query);
  await socket.synced();
  expect(socket.events.map((event) => 'truncated' in event)).toEqual([true, true, true, true]);
});

test('by default the largest frame is a page of the log', async () => {
  fill('cnv_raw', 'usr_raw', 1, CONTROL.repeat(LIMITS.contentBytes));
  const raw = await RawSocket.plainPerson(gateway, harness.token('usr_raw'));
  const frame = await raw.frame((text) => text.includes('"type":"event"'));
  expect(Buffer.byteLength(frame)).toBeGreaterThan(6 * LIMITS.contentBytes);
  expect(Buffer.byteLength(frame)).toBeLessThan(LIMITS.pageBytes);
});
