import { waitFor } from '@agent-messenger/testkit';
import { deferred } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());

const conversation_id = 'cnv_1' as const;

test('clients are told to move, everything is handed over, and the lease is free', async () => {
  const leaving = await harness.gateway({ DRAIN_SPREAD_MS: '1000' });
  const staying = await harness.gateway();
  const person = await harness.person(leaving, 'usr_1');
  await person.send(conversation_id, 'm1', 'before the drain');
  await person.when('event');
  person.socket.emit('received', { conversation_id, seq: 1 });
  // Answered after what came before it was heard.
  await person.request('typing', { conversation_id, typing: false });
  await leaving.close();

  await person.disconnected();
  const [draining, closing] = person.received.slice(-2);
  expect(draining?.name).toBe('draining');
  expect(closing?.payload).toMatchObject({ code: 'draining', reconnect: true });
  const [{ reconnect_after_ms } = { reconnect_after_ms: -1 }] = person.all('draining');
  expect(reconnect_after_ms).toBeGreaterThanOrEqual(0);
  expect(reconnect_after_ms).toBeLessThan(1_000);
  expect(harness.store.operations.at(-1)).toMatchObject({ op: 'received', seq: 1 });
  await expect(fetch(leaving.url)).rejects.toThrow();

  const again = await harness.person(staying, 'usr_1');
  expect(again.all('event')).toEqual([]);
  expect(await again.send(conversation_id, 'm2', 'after the drain')).toMatchObject({ ok: true });
  // The lease was given back: nobody had to be evicted.
  expect(again.all('replaced')).toEqual([]);
});

test('neither the silent, nor those who do not read, nor those half admitted hold it up', async () => {
  const gateway = await harness.gateway();
  const silent = await RawSocket.open(gateway);
  const deaf = await RawSocket.person(gateway, harness.token('usr_2'));
  const socket = deaf.stopReading();

  const { promise, resolve } = deferred<undefined>();
  let asked = 0;
  harness.store.connecting = () => {
    asked += 1;
    return promise;
  };
  const half = harness.socket(gateway, '/client', { token: harness.token('usr_3') });
  await waitFor(() => asked === 1);

  const closed = gateway.close();
  await silent.closed();
  resolve(undefined);
  await closed;
  expect(half.socket.connected).toBe(false);
  socket.resume();
  await deaf.closed();
  expect(gateway.errors).toEqual([]);
});

test('readiness goes first', async () => {
  const gateway: TestGateway = await harness.gateway();
  const ready = async () => (await fetch(`${gateway.internalUrl}/readyz`)).status;
  expect(await ready()).toBe(200);
  harness.store.connecting = () => Promise.resolve();
  const sender = await harness.person(gateway, 'usr_1');
  const { promise, resolve } = deferred<undefined>();
  let isCommitting = false;
  harness.store.committing = () => {
    isCommitting = true;
    return promise;
  };
  const sent = sender.send(conversation_id, 'm3', 'in flight');
  await waitFor(() => isCommitting);
  const closed = gateway.close();
  await waitFor(async () => (await ready()) === 503);
  resolve(undefined);
  // What was asked before is answered before the client is told to move.
  expect(await sent).toMatchObject({ ok: true });
  await closed;
});

test('while it drains, balancers and whoever comes are told to go elsewhere', async () => {
  const gateway = await harness.gateway({ DRAIN_SPREAD_MS: '0' });
  const ask = async (path: string) => {
    const response = await fetch(gateway.url + path);
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  expect(await ask('/readyz')).toEqual([200, 'ready']);
  const person = await harness.person(gateway, 'usr_1');
  const committed = deferred<void>();
  let isHeld = false;
  harness.store.committing = () => {
    isHeld = true;
    return committed.promise;
  };
  const sending = person.send(conversation_id, 'm-held', 'holds the drain up');
  await waitFor(() => isHeld);
  const closing = gateway.close();
  await person.when('draining');
  expect(await ask('/readyz')).toEqual([503, 'draining']);
  expect(await ask('/health')).toEqual([503, 'draining']);
  for (const path of ['/client/connect', '/socket.io/?EIO=4&transport=websocket']) {
    const { status, headers, problem } = await RawSocket.refused(gateway, path);
    expect([status, headers['retry-after'], problem.code]).toEqual([503, '1', 'unavailable']);
  }
  committed.resolve();
  harness.store.committing = () => Promise.resolve();
  expect(await sending).toMatchObject({ ok: true });
  await closing;
});
