import type { PresenceChange, RedisNames } from '@agent-messenger/contracts';
import { AppError, Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { PresenceService } from '../src/presence/presence';
import { connectionOf, deletionOf, eventOf, silent } from './fakes';
import type { LeaseStack } from './lease-setup';
import { caughtUp, startLeaseStack } from './lease-setup';

/** How long an identity is held after a close. */
const HOLD_MS = 3_500;
/** Of leases that are to run out: longer than a busy machine takes for what comes before. */
const TTL_MS = 5_000;
const id = 'agt_1';

let stack: LeaseStack;
let names: RedisNames;
let scope: Scope;
let heard: PresenceChange[][];

beforeAll(async () => {
  stack = await startLeaseStack();
});
afterAll(() => stack.close());
beforeEach(async () => {
  names = stack.fresh();
  scope = new Scope(silent);
  heard = await stack.listen(names.presence);
});
afterEach(() => scope.close());

const announced = () => heard.flat().map(({ identity_id, status }) => [identity_id, status]);

test('online is announced once, whatever takes the place of what', async () => {
  const [first, second] = [stack.holder(names), stack.holder(names)];
  const { connection } = await first.connect(id);
  await second.connect(id);
  await first.leave(connection);
  await first.connect('agt_2');
  await caughtUp(stack.redis, names.presence, heard);
  expect(announced()).toEqual([
    [id, 'online'],
    ['agt_2', 'online'],
  ]);
});

test('offline is announced once by two sweepers, after the hold and not before', async () => {
  const [first, second] = [stack.holder(names), stack.holder(names)];
  first.presence.start(scope);
  second.presence.start(scope);
  const { connection } = await first.connect(id);
  const before = Date.now();
  await first.leave(connection);
  const left = Date.now();
  expect(await first.presence.of([id])).toMatchObject([{ status: 'online' }]);
  await waitFor(() => announced().length > 1);
  expect(Date.now() - before).toBeGreaterThanOrEqual(HOLD_MS - 5);

  // Another one goes through the same two sweepers, after the first.
  const { connection: other } = await second.connect('agt_2');
  await second.leave(other);
  await waitFor(() => announced().length > 3);
  expect(announced()).toEqual([
    [id, 'online'],
    [id, 'offline'],
    ['agt_2', 'online'],
    ['agt_2', 'offline'],
  ]);
  const [{ last_seen_ms } = { last_seen_ms: 0 }] = heard[1] ?? [];
  expect(last_seen_ms).toBeGreaterThanOrEqual(before);
  expect(last_seen_ms).toBeLessThanOrEqual(left);
  expect(await second.presence.of([id])).toEqual([
    { identity_id: id, status: 'offline', last_seen: new Date(last_seen_ms).toISOString() },
  ]);
});

test('an identity that comes back within the hold never goes offline', async () => {
  const holder = stack.holder(names);
  holder.presence.start(scope);
  holder.leases.start(scope, () => undefined);
  const { connection } = await holder.connect(id);
  await holder.leave(connection);
  await holder.connect(id);
  const { connection: other } = await holder.connect('agt_2');
  await holder.leave(other);
  await waitFor(() => announced().some(([who, status]) => who === 'agt_2' && status === 'offline'));
  expect(announced().filter(([who]) => who === id)).toEqual([[id, 'online']]);
});

test('a gateway that dies is noticed: last seen is when it last renewed', async () => {
  const [dead, alive] = [stack.holder(names, TTL_MS), stack.holder(names, TTL_MS)];
  const own = new Scope(silent);
  dead.leases.start(own, () => undefined);
  const { connection } = await dead.connect(id);
  const started = Date.now();
  await waitFor(
    async () => Number(await stack.redis.zscore(names.presenceExpiry, id)) > started + TTL_MS + 200,
  );
  await own.close();
  // By the clock of Redis, after a renewal that was under way.
  const [seconds, microseconds] = await stack.redis.time();
  const died = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  alive.presence.start(scope);
  await waitFor(() => announced().some(([, status]) => status === 'offline'));
  const [{ last_seen_ms } = { last_seen_ms: 0 }] = heard.at(-1) ?? [];
  expect(last_seen_ms).toBeGreaterThan(started + 100);
  expect(last_seen_ms).toBeLessThanOrEqual(died);
  expect(connection.isClosed).toBe(false);
});

test('all of a large gateway that dies are told', async () => {
  const [dead, alive] = [stack.holder(names, 1_000), stack.holder(names, 1_000)];
  await Promise.all(Array.from({ length: 3_000 }, (_, n) => dead.connect(`usr_${n}`)));
  alive.presence.start(scope);
  await waitFor(() => announced().filter(([, status]) => status === 'offline').length === 3_000, {
    timeoutMs: 60_000,
  });
}, 90_000);

test('who was never seen is offline without a time; nobody asks for nobody', async () => {
  const { presence } = stack.holder(names);
  expect(await presence.of(['agt_7'])).toEqual([
    { identity_id: 'agt_7', status: 'offline', last_seen: null },
  ]);
  expect(await presence.of([])).toEqual([]);
});

test('changes go to those who watch, until they stop or end', () => {
  const { presence } = stack.holder(names);
  const [one, two] = [connectionOf({ id: 'one' }), connectionOf({ id: 'two' })];
  const told = () => [one, two].map(({ live }) => live.sent.length);
  const change: PresenceChange = { identity_id: id, status: 'online', last_seen_ms: 0 };
  presence.watchAllowed(one.connection, [id, 'agt_2']);
  presence.watchAllowed(two.connection, [id]);
  presence.announce([change, { ...change, identity_id: 'agt_3' }]);
  expect(told()).toEqual([1, 1]);
  expect(one.live.sent).toEqual([
    {
      name: 'presence',
      payload: { identity_id: id, status: 'online', last_seen: '1970-01-01T00:00:00.000Z' },
    },
  ]);

  presence.watchAllowed(one.connection, ['agt_2']);
  presence.unwatch(two.connection);
  two.connection.ended();
  presence.watchAllowed(two.connection, [id]);
  presence.announce([change, { ...change, identity_id: 'agt_2' }]);
  expect(told()).toEqual([2, 1]);
});

describe('whose conversation is deleted', () => {
  /** Presence with a store that says who shares a conversation, and keeps what it was asked. */
  function watchingService() {
    const shared = new Set<string>();
    const asked: string[][] = [];
    const failures: AppError[] = [];
    const presence = new PresenceService({
      redis: stack.redis,
      names,
      leaseTtlMs: TTL_MS,
      log: silent,
      messages: {
        async counterparts({ ids }) {
          asked.push(ids);
          const failure = failures.pop();
          if (failure) throw failure;
          return { ids: ids.filter((one) => shared.has(one)) };
        },
        lastConnected: () => Promise.resolve({ at: {} }),
      },
    });
    return { presence, shared, asked, failures };
  }
  const deleted = deletionOf('cnv_1', 9, ['usr_1', id]);

  test('is not told of whom it shares no other one with', async () => {
    const { presence, shared, asked } = watchingService();
    const { connection } = connectionOf();
    const bystander = connectionOf({ id: 'two', identityId: 'usr_2' });
    presence.watchAllowed(connection, [id, 'agt_2']);
    presence.watchAllowed(bystander.connection, [id]);
    shared.add(id);
    await presence.noteEvent(connection, deleted);
    expect([...connection.watching]).toEqual([id, 'agt_2']);
    shared.delete(id);
    await presence.noteEvent(connection, deleted);
    expect([...connection.watching]).toEqual(['agt_2']);
    // Only about whom it watched, and only when there was a reason to.
    await presence.noteEvent(connection, deleted);
    await presence.noteEvent(connection, eventOf('cnv_1', 2));
    expect(asked).toEqual([[id], [id]]);

    const change: PresenceChange = { identity_id: id, status: 'busy', last_seen_ms: 0 };
    presence.announce([change]);
    expect(bystander.live.sent).toHaveLength(1);
    expect([...connection.watching]).toEqual(['agt_2']);
  });

  test('is asked about once for many, and again while the store is away', async () => {
    const { presence, asked, failures } = watchingService();
    const { connection, live } = connectionOf();
    presence.watchAllowed(connection, [id, 'agt_2', 'agt_3']);
    failures.push(new AppError('unavailable', 'The store is away'));
    const noted = ['agt_2', id, id, 'agt_2'].map((other) =>
      presence.noteEvent(connection, deletionOf('cnv_1', 9, ['usr_1', other])),
    );
    await Promise.all(noted);
    expect(asked).toEqual([['agt_2'], expect.arrayContaining(['agt_2', id])]);
    expect([...connection.watching]).toEqual(['agt_3']);
    presence.announce([{ identity_id: id, status: 'busy', last_seen_ms: 0 }]);
    expect(live.sent).toEqual([]);
  });
});
