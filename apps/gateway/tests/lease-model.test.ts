import type { GatewayMessage, Lease, RedisNames } from '@agent-messenger/contracts';
import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import fc from 'fast-check';
import { settled, silent } from './fakes';
import type { Held, LeaseHolder, LeaseStack } from './lease-setup';
import { caughtUp, startLeaseStack } from './lease-setup';

/** Nothing runs out while these tests run: time is a step of its own. */
const TTL_MS = 300_000;
const id = 'usr_1';

let stack: LeaseStack;

beforeAll(async () => {
  stack = await startLeaseStack();
});
afterAll(() => stack.close());
beforeEach(
  () =>
    void jest.useFakeTimers({
      doNotFake: [
        'setImmediate',
        'nextTick',
        'setTimeout',
        'clearTimeout',
        'performance',
        'Date',
        'queueMicrotask',
      ],
    }),
);
afterEach(() => void jest.useRealTimers());

interface Attempt extends Held {
  holder: LeaseHolder;
  state: 'leased' | 'current' | 'gone';
}

/** Two gateways, a store that fences, and what the protocol between them can do, one step at a time. */
class World {
  readonly attempts: Attempt[] = [];
  /** What the store has accepted, in order. */
  readonly accepted: number[] = [];
  /** Leases as they were in Redis at some time. */
  private readonly past: string[] = [];
  /** Whether the newest one was revoked, as far as Redis knows; undefined when it may have forgotten it. */
  isRevoked: boolean | undefined = false;
  private readonly evictions: { holder: LeaseHolder; message: GatewayMessage }[] = [];

  private constructor(
    private readonly names: RedisNames,
    private readonly holders: LeaseHolder[],
    private readonly heard: GatewayMessage[][],
  ) {}

  static async start(scope: Scope): Promise<World> {
    const names = stack.fresh();
    const holders = [stack.holder(names, TTL_MS), stack.holder(names, TTL_MS)];
    const heard = await Promise.all(
      holders.map(({ gatewayId }) => stack.listen<GatewayMessage>(names.gateway(gatewayId))),
    );
    for (const { leases } of holders) leases.start(scope, () => undefined);
    return new World(names, holders, heard);
  }

  get storeEpoch(): number {
    return this.accepted.at(-1) ?? 0;
  }

  /** Those who believe that they hold the identity, newest first. */
  get believers(): Attempt[] {
    return this.attempts
      .filter(({ state, connection }) => state === 'current' && connection.isCurrent)
      .sort((a, b) => b.connection.epoch - a.connection.epoch);
  }

  /** Authorize and lease; the store has not been asked to connect yet. */
  async acquire(gateway: number): Promise<void> {
    const holder = this.holders[gateway] as LeaseHolder;
    const held = await holder.connect(id, this.storeEpoch);
    // Of two leases the later one has the higher epoch, whatever Redis has forgotten in between.
    const before = this.attempts.map(({ connection }) => connection.epoch);
    expect(held.connection.epoch).toBeGreaterThan(Math.max(this.storeEpoch, ...before));
    this.attempts.push({ ...held, holder, state: 'leased' });
    this.past.push((await stack.redis.get(this.names.lease(id))) ?? '');
    this.isRevoked = false;
  }

  /** The third step of one that has a lease. */
  async connect(index: number): Promise<void> {
    const waiting = this.attempts.filter(({ state }) => state === 'leased');
    const attempt = waiting[index % Math.max(waiting.length, 1)];
    if (!attempt) return;
    const { epoch } = attempt.connection;
    if (epoch <= this.storeEpoch) {
      attempt.state = 'gone';
      return attempt.holder.leave(attempt.connection);
    }
    this.accepted.push(epoch);
    attempt.state = 'current';
  }

  async leave(index: number): Promise<void> {
    const current = this.attempts.filter(({ state }) => state === 'current');
    const attempt = current[index % Math.max(current.length, 1)];
    if (!attempt) return;
    attempt.state = 'gone';
    await attempt.holder.leave(attempt.connection);
  }

  /** Both gateways renew what they hold. */
  async renew(): Promise<void> {
    jest.advanceTimersByTime(TTL_MS / 3);
    // One connection carries all commands: when this is answered, the renewals are.
    await stack.redis.ping();
    await settled();
  }

  /** Whoever is connected with this credential, or with whichever, is to go. */
  async end(credentialId: string | null): Promise<void> {
    const before = await this.lease();
    await (this.holders[0] as LeaseHolder).leases.evict(id, credentialId);
    const after = await this.lease();
    const isHit = typeof before?.gateway === 'string' && credentialId !== 'another';
    const tombstone = isHit && {
      ...{ ...before, gateway: null, status: undefined, epoch: before.epoch + 1 },
      ...(credentialId === null && { may_return: true }),
    };
    expect(after).toEqual(tombstone || before);
    const newest = Math.max(...this.attempts.map(({ connection }) => connection.epoch));
    if (isHit && before.epoch === newest) this.isRevoked = true;
  }

  /** Redis comes back empty, or with what it had before. */
  async forget(): Promise<void> {
    await this.restart(() =>
      stack.redis.del(this.names.lease(id), this.names.presenceExpiry).then(() => undefined),
    );
  }

  async recall(index: number): Promise<void> {
    const text = this.past[index % Math.max(this.past.length, 1)];
    if (text === undefined) return;
    await this.restart(() =>
      stack.redis.set(this.names.lease(id), text, 'PX', TTL_MS).then(() => undefined),
    );
  }

  private async lease(): Promise<Lease | null> {
    return JSON.parse((await stack.redis.get(this.names.lease(id))) ?? 'null') as Lease | null;
  }

  /** It takes longer than a millisecond. */
  private async restart(change: () => Promise<void>): Promise<void> {
    const clock = () => (this.holders[0] as LeaseHolder).leases.attemptUntil();
    if (this.isRevoked) this.isRevoked = undefined;
    await change();
    const before = await clock();
    await waitFor(async () => (await clock()) > before, { intervalMs: 1 });
  }

  /** Evictions that were published reach their gateway, in any order, or are lost. */
  async evict(order: number, isLost: boolean): Promise<void> {
    for (const [index, holder] of this.holders.entries()) {
      const heard = this.heard[index] as GatewayMessage[];
      await caughtUp(stack.redis, this.names.gateway(holder.gatewayId), heard);
      this.evictions.push(...heard.splice(0).map((message) => ({ holder, message })));
    }
    const [one] = this.evictions.splice(order % Math.max(this.evictions.length, 1), 1);
    if (!one || isLost || one.message.type !== 'evict') return;
    one.holder.connections.evict(one.message);
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('acquire' as const), gateway: fc.nat(1) }),
  fc.record({ do: fc.constant('connect' as const), index: fc.nat(3) }),
  fc.record({ do: fc.constant('leave' as const), index: fc.nat(3) }),
  fc.record({ do: fc.constant('evict' as const), order: fc.nat(3), isLost: fc.boolean() }),
  fc.record({ do: fc.constantFrom('renew' as const, 'forget' as const) }),
  fc.record({ do: fc.constant('recall' as const), index: fc.nat(5) }),
  fc.record({
    do: fc.constant('end' as const),
    of: fc.constantFrom('credential', 'another', null),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(world: World, one: Step): Promise<void> {
  if (one.do === 'acquire') await world.acquire(one.gateway);
  else if (one.do === 'connect') await world.connect(one.index);
  else if (one.do === 'leave') await world.leave(one.index);
  else if (one.do === 'evict') await world.evict(one.order, one.isLost);
  else if (one.do === 'renew') await world.renew();
  else if (one.do === 'recall') await world.recall(one.index);
  else if (one.do === 'end') await world.end(one.of);
  else await world.forget();
}

test('whatever happens, epochs rise, the store has one writer, and renewals leave one believer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const scope = new Scope(silent);
      const world = await World.start(scope);
      for (const one of steps) {
        await take(world, one);
        // The store refuses every epoch but the highest: at most one believer can write.
        expect(world.accepted).toEqual([...new Set(world.accepted)].sort((a, b) => a - b));
        const writers = world.believers.filter(
          ({ connection }) => connection.epoch === world.storeEpoch,
        );
        expect(writers.length).toBeLessThanOrEqual(1);
      }

      // Quiet: who has a lease learns what the store says, and everybody renews twice.
      while (world.attempts.some(({ state }) => state === 'leased')) await world.connect(0);
      const newest = world.believers[0];
      await world.renew();
      await world.renew();
      // A tombstone that Redis has forgotten ends nobody: then the store alone has ended the credential.
      const mayStand = world.isRevoked === undefined ? world.believers.slice(0, 1) : [newest];
      expect(world.believers).toEqual(world.isRevoked || !newest ? [] : mayStand);
      await scope.close();
    }),
    {
      numRuns: 150,
      examples: [
        // The tombstone of an older connection, which Redis remembers, has the epoch of the newer one.
        [
          [
            { do: 'acquire', gateway: 0 },
            { do: 'acquire', gateway: 0 },
            { do: 'recall', index: 0 },
            { do: 'end', of: null },
          ],
        ],
      ],
    },
  );
});
