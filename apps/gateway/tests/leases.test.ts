import type { GatewayMessage, Lease, RedisNames } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { connectionOf } from './fakes';
import type { LeaseStack } from './lease-setup';
import { ATTEMPT_MS } from '../src/connections/leases';
import { caughtUp, startLeaseStack } from './lease-setup';

let stack: LeaseStack;
let names: RedisNames;

beforeAll(async () => {
  stack = await startLeaseStack();
});
afterAll(() => stack.close());
beforeEach(() => {
  names = stack.fresh();
});

const id = 'usr_1';
/** From a store that is new to one whose clock goes ahead, ms. */
const floorSpan = fc.integer({ min: -1_000_000_000, max: 100_000 });

async function leaseOf(identityId = id): Promise<Lease | null> {
  const text = await stack.redis.get(names.lease(identityId));
  return text === null ? null : (JSON.parse(text) as Lease);
}

async function writeLease(lease: Partial<Lease>): Promise<void> {
  const current = await leaseOf();
  await stack.redis.set(names.lease(id), JSON.stringify({ ...current, ...lease }), 'PX', 60_000);
}

test('an epoch is above the lease, above the floor and by the clock, whatever the floors are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(floorSpan, { minLength: 1 }), async (spans) => {
      names = stack.fresh();
      const { leases } = stack.holder(names);
      let last = 0;
      for (const span of spans) {
        const before = Date.now();
        const floor = before + span;
        const { epoch } = await leases.acquire({
          identityId: id,
          connectionId: 'c',
          credentialId: 'k',
          floor,
          until: await leases.attemptUntil(),
        });
        expect(epoch).toBeGreaterThanOrEqual(Math.max(last + 1, floor + 1, before));
        expect(epoch).toBeLessThanOrEqual(Math.max(last + 1, floor + 1, Date.now()));
        last = epoch;
      }
    }),
    { numRuns: 30 },
  );
});

test('the lease says who holds it, and lives as long as promised', async () => {
  const holder = stack.holder(names, 12_345);
  const before = performance.now();
  const { connection } = await holder.connect(id, 6);
  expect(await leaseOf()).toMatchObject({
    gateway: holder.gatewayId,
    connection_id: connection.id,
    credential_id: 'credential',
    epoch: connection.epoch,
  });
  const ttl = await stack.redis.pttl(names.lease(id));
  expect(ttl).toBeLessThanOrEqual(12_345);
  expect(ttl).toBeGreaterThan(12_345 - (performance.now() - before) - 5);
});

test('who asks too late gets nothing, and takes it from nobody', async () => {
  const holder = stack.holder(names);
  const { connection } = await holder.connect(id);
  const heard = await stack.listen<GatewayMessage>(names.gateway(holder.gatewayId));
  const now = (await holder.leases.attemptUntil()) - ATTEMPT_MS;
  const attempt = { identityId: id, connectionId: 'late', credentialId: 'k', floor: 0 };
  await expect(holder.leases.acquire({ ...attempt, until: now - 1 })).rejects.toMatchObject({
    code: 'unavailable',
  });
  await caughtUp(stack.redis, names.gateway(holder.gatewayId), heard);
  expect(heard).toEqual([]);
  expect(await leaseOf()).toMatchObject({ connection_id: connection.id });
  await holder.leases.acquire({ ...attempt, until: now + ATTEMPT_MS });
  expect(await leaseOf()).toMatchObject({ connection_id: 'late' });
});

test('the newest wins: the gateway of the earlier connection is told to close it', async () => {
  const [first, second] = [stack.holder(names), stack.holder(names)];
  const heard = await stack.listen<GatewayMessage>(names.gateway(first.gatewayId));
  const { connection: earlier } = await first.connect(id);
  const { connection } = await second.connect(id);
  const { epoch } = connection;
  expect(epoch).toBeGreaterThan(earlier.epoch);
  await caughtUp(stack.redis, names.gateway(first.gatewayId), heard);
  expect(heard).toEqual([
    { type: 'evict', identity_id: id, epoch, code: 'replaced', same_session: true },
  ]);
  expect(await leaseOf()).toMatchObject({ gateway: second.gatewayId, epoch: connection.epoch });
});

test('a tombstone is taken over without telling anybody', async () => {
  const holder = stack.holder(names);
  const heard = await stack.listen<GatewayMessage>(names.gateway(holder.gatewayId));
  const { connection: earlier } = await holder.connect(id);
  const tombstone = { gateway: null, epoch: earlier.epoch + 1_000_000 };
  await writeLease(tombstone);
  const { connection } = await holder.connect(id);
  await caughtUp(stack.redis, names.gateway(holder.gatewayId), heard);
  expect(heard).toEqual([]);
  expect(connection.epoch).toBe(tombstone.epoch + 1);
});

test('on one gateway the earlier connection is closed at once, and leaving late takes nothing from the newer', async () => {
  const holder = stack.holder(names);
  const first = await holder.connect(id);
  const second = await holder.connect(id);
  expect(first.live.sent).toEqual([{ name: 'replaced', payload: { same_session: true } }]);
  expect(first.live.closes).toEqual(['stay_away']);
  await holder.leave(first.connection);
  expect(holder.connections.get(id)).toBe(second.connection);
  expect(await leaseOf()).toMatchObject({ connection_id: second.connection.id });
  await holder.leave(second.connection);
  expect(await leaseOf()).toBeNull();
});

test('an answer that overtakes another one does not put the older connection into the place of the newer', async () => {
  const holder = stack.holder(names);
  const newer = await holder.connect(id);
  const older = connectionOf({ id: 'older', epoch: newer.connection.epoch - 1 });
  holder.connections.add(older.connection);
  expect(holder.connections.get(id)).toBe(newer.connection);
  expect(older.live.closes).toEqual(['stay_away']);
  expect(newer.connection.isCurrent).toBe(true);
});

describe('eviction', () => {
  test.each([
    ['credential', 'revoked'],
    [null, 'lease_lost'],
  ])('of %p leaves a tombstone for one lease, and tells the gateway %s', async (of, code) => {
    const holder = stack.holder(names, 12_345);
    const heard = await stack.listen<GatewayMessage>(names.gateway(holder.gatewayId));
    const { connection } = await holder.connect(id);
    const epoch = connection.epoch + 1;
    const before = performance.now();
    await holder.leases.evict(id, of);
    await caughtUp(stack.redis, names.gateway(holder.gatewayId), heard);
    expect(heard).toEqual([{ type: 'evict', identity_id: id, epoch, code }]);
    expect(await leaseOf()).toMatchObject({ gateway: null, epoch });
    const ttl = await stack.redis.pttl(names.lease(id));
    expect(ttl).toBeGreaterThan(12_345 - (performance.now() - before) - 5);
    expect(ttl).toBeLessThanOrEqual(12_345);
    // Who comes with another credential is not held up.
    expect((await holder.connect(id)).connection.epoch).toBeGreaterThan(epoch);
  });

  test('of another credential, or of nobody, ends nothing', async () => {
    const holder = stack.holder(names);
    const heard = await stack.listen<GatewayMessage>(names.gateway(holder.gatewayId));
    await holder.leases.evict(id, 'credential');
    await holder.connect(id);
    const before = await leaseOf();
    await holder.leases.evict(id, 'another');
    await caughtUp(stack.redis, names.gateway(holder.gatewayId), heard);
    expect(heard).toEqual([]);
    expect(await leaseOf()).toEqual(before);
  });
});
