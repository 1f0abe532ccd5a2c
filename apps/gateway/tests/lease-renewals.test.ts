import type { Lease, RedisNames } from '@agent-messenger/contracts';
import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import type { Connection } from '../src/connections/connection';
import { bothClocks, later } from '../src/connections/deadline';
import { settled, silent } from './fakes';
import type { LeaseStack } from './lease-setup';
import { startLeaseStack } from './lease-setup';

let stack: LeaseStack;
let names: RedisNames;
let scope: Scope;

beforeAll(async () => {
  stack = await startLeaseStack();
});
afterAll(() => stack.close());
beforeEach(() => {
  names = stack.fresh();
  scope = new Scope(silent);
});
afterEach(() => scope.close());

const id = 'usr_1';
const HIGHER = 10_000_000_000_000;

async function leaseOf(identityId = id): Promise<Lease | null> {
  const text = await stack.redis.get(names.lease(identityId));
  return text === null ? null : (JSON.parse(text) as Lease);
}

async function writeLease(lease: Partial<Lease>): Promise<void> {
  const current = await leaseOf();
  await stack.redis.set(names.lease(id), JSON.stringify({ ...current, ...lease }), 'PX', 60_000);
}

describe('renewal', () => {
  /** Nothing runs out while these tests run: what passes of it is a step of theirs. */
  const ttlMs = 300_000;
  let passedMs: number;

  beforeEach(() => {
    // All but intervals, by which leases are renewed.
    jest.useFakeTimers({
      doNotFake: [
        ...(['setImmediate', 'nextTick', 'queueMicrotask', 'setTimeout', 'clearTimeout'] as const),
        ...(['performance', 'Date'] as const),
      ],
    });
    passedMs = 0;
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  /** By our clock alone: that of Redis goes on as it does. */
  function pass(ms: number): void {
    passedMs += ms;
    jest.advanceTimersByTime(ms);
  }

  /** A gateway that renews, with one connection, and who was told to have been without a lease. */
  async function renewing() {
    const holder = stack.holder(names, ttlMs);
    const rewritten: Connection[] = [];
    holder.leases.start(scope, (connection) => rewritten.push(connection));
    return { ...(await holder.connect(id)), holder, rewritten };
  }

  /** The lease is renewed after this call. */
  async function renewed() {
    await stack.redis.pexpire(names.lease(id), ttlMs / 2);
    pass(ttlMs / 3);
    await waitFor(async () => (await stack.redis.pttl(names.lease(id))) > ttlMs * 0.6, {
      intervalMs: 5,
    });
    // Its answer came with that, or before it: one connection carries all commands.
    await settled();
  }

  test('keeps the connection beyond the life of one lease', async () => {
    const { connection, rewritten } = await renewing();
    for (let n = 0; n < 5; n += 1) await renewed();
    expect(connection.isCurrent).toBe(true);
    expect(await leaseOf()).toMatchObject({
      connection_id: connection.id,
      epoch: connection.epoch,
    });
    expect(rewritten).toEqual([]);
  });

  test.each([
    ['a missing entry', () => stack.redis.del(names.lease(id))],
    ['a lower epoch', () => writeLease({ epoch: 3, gateway: 'old', connection_id: 'old' })],
  ])('writes its own again over %s, and says so', async (_what, spoil) => {
    const { connection, rewritten, holder } = await renewing();
    await spoil();
    pass(ttlMs / 3);
    await waitFor(() => rewritten.length === 1);
    expect(rewritten).toEqual([connection]);
    expect(await leaseOf()).toMatchObject({
      gateway: holder.gatewayId,
      connection_id: connection.id,
      epoch: connection.epoch,
    });
    await renewed();
    expect(rewritten).toHaveLength(1);
    expect(connection.isCurrent).toBe(true);
  });

  test.each([
    [
      'a higher epoch',
      { epoch: HIGHER, gateway: 'other', connection_id: 'other' },
      { name: 'replaced', payload: {} },
    ],
    [
      'a tombstone of its own: it is revoked, although nobody told it',
      { gateway: null, epoch: HIGHER },
      { name: 'closing', payload: { code: 'revoked', reconnect: false } },
    ],
    [
      'a tombstone of its own that an operator made, although nobody told it',
      { gateway: null, epoch: HIGHER, may_return: true as const },
      { name: 'closing', payload: { code: 'lease_lost', reconnect: true } },
    ],
    [
      'a tombstone of a newer one',
      { gateway: null, epoch: HIGHER, connection_id: 'other' },
      { name: 'replaced', payload: {} },
    ],
  ])('stops at %s', async (_what, found, said) => {
    const { live } = await renewing();
    await writeLease(found);
    const expected = await leaseOf();
    pass(ttlMs / 3);
    await waitFor(() => live.closes.length > 0);
    expect(live.sent).toEqual([said]);
    expect(await leaseOf()).toEqual(expected);
  });

  test('leaves a connection alone that has ended', async () => {
    const { connection, holder } = await renewing();
    const other = await holder.connect('usr_2');
    connection.ended();
    await stack.redis.del(names.lease(id), names.lease('usr_2'));
    pass(ttlMs / 3);
    await waitFor(() => stack.redis.exists(names.lease('usr_2')));
    expect(await leaseOf()).toBeNull();
    expect(other.connection.isCurrent).toBe(true);
  });

  test('that is not answered in time closes the connection before the lease runs out', async () => {
    const { live, connection } = await renewing();
    stack.process.pause();
    try {
      pass(ttlMs * 0.8);
      expect(live.closes).toEqual([]);
      pass(ttlMs * 0.2 - 2_000);
      expect(live.closes).toHaveLength(1);
    } finally {
      stack.process.resume();
    }
    expect(live.sent).toEqual([
      { name: 'closing', payload: { code: 'lease_lost', reconnect: true } },
    ]);
    expect(live.closes).toEqual(['terminate']);
    expect(connection.isCurrent).toBe(false);
  });
});

test('a renewal that comes past the deadline does not bring the connection back', async () => {
  const { connection, live } = await stack.holder(names).connect(id);
  jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  try {
    connection.leaseRenewed(later(bothClocks(), Infinity));
    expect(connection.isCurrent).toBe(false);
    expect(live.closes).toEqual(['terminate']);
  } finally {
    jest.restoreAllMocks();
  }
  await settled();
  expect(connection.isCurrent).toBe(false);
});
