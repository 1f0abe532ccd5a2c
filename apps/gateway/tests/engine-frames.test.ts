import { redisNames } from '@agent-messenger/contracts';
import { connectRedis } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import type { Redis } from 'ioredis';
import { deferred, silent } from './fakes';
import type { Harness, TestGateway } from './harness';
import { connectionsOf, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;
let redis: Redis;
/** Above every epoch. */
const HIGHER = Number.MAX_SAFE_INTEGER;
const warnings: Error[] = [];
const note = (warning: Error) => void warnings.push(warning);

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  const { scope } = harness;
  redis = await connectRedis(harness.redis.url, { name: 'test', log: silent, scope });
  process.on('warning', note);
});
afterAll(async () => {
  process.off('warning', note);
  await harness.close();
});
afterEach(() => {
  harness.store.connecting = () => Promise.resolve();
});

/** How often anybody has subscribed to a sharded channel. */
async function subscriptions(): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(/^cmdstat_ssubscribe:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
}

const madeUp = () => `40/${Math.random().toString(36)},{}`;

describe.each([
  ['a stranger', 'usr_10'],
  ['a person', 'usr_11'],
])('made-up namespaces of %s', (who, other) => {
  test('a thousand of them close the connection and cost Redis nothing', async () => {
    const raw =
      who === 'a stranger'
        ? await RawSocket.open(gateway)
        : await RawSocket.person(gateway, harness.token('usr_1'));
    // Its own room is one.
    const before = await subscriptions();
    expect(before).toBeGreaterThan(0);
    for (let n = 0; n < 1_000; n += 1) raw.send(madeUp());
    await raw.closed();
    // Still there for others.
    await harness.person(gateway, other);
    expect(await subscriptions()).toBe(before);
    expect(warnings).toEqual([]);
  });
});

test('who leaves the namespace leaves the gateway, and gives up the lease', async () => {
  const raw = await RawSocket.person(gateway, harness.token('usr_2'));
  const lease = redisNames(harness.prefix).lease('usr_2');
  expect(await redis.exists(lease)).toBe(1);
  const connections = await connectionsOf(gateway);
  raw.send('41/client,');
  await raw.closed();
  await waitFor(async () => (await redis.exists(lease)) === 0);
  expect(await connectionsOf(gateway)).toBe(connections - 1);
});

test.each<['revoked' | 'replaced', unknown]>([
  ['revoked', { name: 'closing', payload: { code: 'revoked', reconnect: false } }],
  ['replaced', { name: 'replaced', payload: {} }],
])('one that is %s while it is being admitted is told that, once', async (code, told) => {
  const { promise, resolve } = deferred<undefined>();
  let isHeld = false;
  harness.store.connecting = () => {
    isHeld = true;
    return promise;
  };
  const socket = harness.socket(gateway, '/client', { token: harness.token('usr_3') });
  await waitFor(() => isHeld);
  const names = redisNames(harness.prefix);
  const lease = JSON.parse((await redis.get(names.lease('usr_3'))) ?? '') as { gateway: string };
  const evict = { type: 'evict', identity_id: 'usr_3', epoch: HIGHER, code };
  await redis.publish(names.gateway(lease.gateway), JSON.stringify(evict));
  // The eviction is dealt with when the gateway has heard what came behind it, which closes this one.
  const marker = await closesBehind(names.gateway(lease.gateway));
  expect(await marker.disconnected()).toMatch(/already|io server disconnect/);
  resolve(undefined);
  await waitFor(() => socket.received.length > 0);
  expect(await socket.disconnected()).toMatch(/already|io server disconnect/);
  expect(socket.received).toEqual([told]);
  // It stays away.
  expect(socket.socket.active).toBe(false);
});

/** A connection that an eviction on this channel closes. */
async function closesBehind(channel: string) {
  const held = harness.store.connecting;
  harness.store.connecting = () => Promise.resolve();
  const marker = await harness.person(gateway, 'usr_marker');
  harness.store.connecting = held;
  const evict = { type: 'evict', identity_id: 'usr_marker', epoch: HIGHER, code: 'revoked' };
  await redis.publish(channel, JSON.stringify(evict));
  return marker;
}

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
