import type { TestSocketBase, Transport } from '@agent-messenger/testkit';
import { waitFor } from '@agent-messenger/testkit';
import { deferred, eventOf } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, connectionsOf, startHarness } from './harness';
import { RawSocket } from './raw-socket';

/** Of a token that runs out in a test, s: what comes before takes a slow machine less. */
const SHORT_S = 5;

let harness: Harness;
let gateway: TestGateway;
/** Cuts nobody who is only slow: all sides of a test share one event loop. */
let patient: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ SLOW_CONSUMER_MS: '300' });
  patient = await harness.gateway();
});
afterAll(() => harness.close());
afterEach(() => {
  harness.store.connecting = () => Promise.resolve();
});

function open(transport: Transport, where: TestGateway, identityId: string): TestSocketBase {
  const auth = { token: harness.token(identityId) };
  return transport === 'ws'
    ? harness.plain(where, '/client', auth)
    : harness.socket(where, '/client', auth);
}

describe.each<[Transport, Transport]>([
  ['ws', 'ws'],
  ['ws', 'socket.io'],
  ['socket.io', 'ws'],
])('a connection by %s, then one by %s', (earlier, later) => {
  test.each(['the same gateway', 'another gateway'])('on %s', async (where) => {
    const other = where === 'another gateway' ? await harness.gateway() : gateway;
    const first = await open(earlier, gateway, 'usr_1').synced();
    const second = await open(later, other, 'usr_1').synced();
    expect(await first.disconnected()).toMatch(/^(4409|already|io server disconnect)$/);
    expect(first.all('replaced')).toEqual([{ same_session: true }]);
    expect(first.all('closing')).toEqual([]);
    expect(await second.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
    expect(second.all('replaced')).toEqual([]);
  });
});

test('one that is replaced while it is being admitted is told so', async () => {
  const { promise, resolve } = deferred<undefined>();
  let held = 0;
  harness.store.connecting = () => {
    held += 1;
    return held === 1 ? promise : Promise.resolve();
  };
  const slow = harness.plain(gateway, '/client', { token: harness.token('usr_2') });
  await waitFor(() => held === 1);
  const fast = await open('socket.io', gateway, 'usr_2').synced();
  expect(await slow.disconnected()).toBe('4409');
  resolve(undefined);
  expect(slow.received).toEqual([{ name: 'replaced', payload: { same_session: true } }]);
  expect(await fast.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
});

test('a connection ends with its token, and says so; auth:refresh lets it outlive its token', async () => {
  const connect = (identityId: string) =>
    harness
      .plain(gateway, '/client', {
        token: harness.token(identityId, { ttlSeconds: SHORT_S }),
      })
      .synced();
  const refreshed = await connect('usr_3');
  const token = harness.token('usr_3');
  expect(await refreshed.request('auth:refresh', { token })).toMatchObject({ ok: true });
  // Closed later than the other would have been.
  const ended = await connect('usr_4');
  expect(await ended.disconnected()).toBe('4401');
  expect(ended.received.at(-1)).toEqual({
    name: 'closing',
    payload: { code: 'token_expired', reconnect: true },
  });
  expect(await refreshed.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
});

test('in a drain it is told when to move, and served until then', async () => {
  harness.store.addConversation('cnv_5', ['usr_5', AGENT]);
  // Long enough for a busy machine to come round to what is asked meanwhile.
  const leaving = await harness.gateway({ DRAIN_SPREAD_MS: '4000' });
  const silent = await RawSocket.connect(leaving, '/agent/connect');
  const socket = await harness
    .plain(leaving, '/client', { token: harness.token('usr_5') })
    .synced();
  const asked = socket.when('draining').then(() => socket.send('cnv_5', 'm', 'still served'));
  // Whose moment comes at once has no time to ask for anything.
  const chance = jest.spyOn(Math, 'random').mockReturnValue(0.9);
  const closed = leaving.close();
  const { reconnect_after_ms } = await socket.when('draining');
  chance.mockRestore();
  expect(reconnect_after_ms).toBe(3_600);
  expect(await asked).toMatchObject({ ok: true });
  expect(await socket.disconnected()).toBe('4410');
  expect(socket.received.at(-1)).toMatchObject({
    name: 'closing',
    payload: { code: 'draining', reconnect: true },
  });
  // Also one that has not said who it is.
  expect(await silent.closed()).toBe(4410);
  await closed;
  expect(leaving.errors).toEqual([]);
});

test('a drain does not wait for those who do not read', async () => {
  const leaving = await harness.gateway();
  const deaf = await RawSocket.plainPerson(leaving, harness.token('usr_6'));
  deaf.stopReading();
  await leaving.close();
  deaf.socket.terminate();
});

/** More than the kernel takes for a peer that does not read. */
const EVENTS = 500;

function fill(conversationId: string, members: string[]): void {
  harness.store.addConversation(conversationId, members);
  const log = harness.store.conversations.get(conversationId)?.log ?? [];
  for (let seq = 1; seq <= EVENTS; seq += 1) {
    log.push(eventOf(conversationId, seq, 'x'.repeat(60_000)));
  }
}

test('who does not read is cut, and has everything after a reconnect', async () => {
  const before = await connectionsOf(gateway);
  const deaf = await RawSocket.plainPerson(gateway, harness.token('usr_7'));
  const agent = await harness.agent(patient);
  const socket = deaf.stopReading();
  fill('cnv_7', ['usr_7', AGENT]);
  await agent.send('cnv_7', 'wake-up', 'the last one');
  await waitFor(async () => (await connectionsOf(gateway)) === before);
  socket.resume();
  // What was handed over before the cut may include the close frame.
  expect([4408, 1006]).toContain(await deaf.closed());

  const person = await harness
    .plain(patient, '/client', { token: harness.token('usr_7') })
    .synced();
  expect(person.events.map(({ seq }) => seq)).toEqual(
    Array.from({ length: EVENTS + 1 }, (_, i) => i + 1),
  );
});

test('who reads slowly, but reads, gets everything in order', async () => {
  const slow = await harness.plain(patient, '/client', { token: harness.token('usr_8') }).synced();
  slow.socket.on('message', () => {
    slow.socket.pause();
    setImmediate(() => slow.socket.resume());
  });
  const agent = await harness.agent(patient);
  fill('cnv_8', ['usr_8', AGENT]);
  await agent.send('cnv_8', 'wake-up', 'the last one');
  await slow.when('event', ({ seq }) => seq === EVENTS + 1);
  expect(slow.events.map(({ seq }) => seq)).toEqual(
    Array.from({ length: EVENTS + 1 }, (_, i) => i + 1),
  );
});

test('who pings and asks without reading does not fill the memory', async () => {
  const deaf = await RawSocket.plainPerson(gateway, harness.token('usr_9'));
  deaf.stopReading();
  const before = await connectionsOf(gateway);
  const payload = 'x'.repeat(125);
  const flood = () => {
    for (let n = 0; n < 5_000; n += 1) {
      deaf.socket.ping(payload);
      deaf.send(`{"type":"nope","id":"${payload}"}`);
    }
  };
  // Many more than it may, before anybody looks.
  for (let n = 0; n < 3; n += 1) flood();
  // Requests whose answers nobody reads: beyond the bound the connection is closed.
  await waitFor(async () => {
    flood();
    return (await connectionsOf(gateway)) < before;
  });
  deaf.socket.terminate();
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
