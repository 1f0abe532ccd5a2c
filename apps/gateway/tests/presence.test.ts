import type { PresenceChange, RedisNames } from '@agent-messenger/contracts';
import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { connectionOf, silent } from './fakes';
import type { LeaseStack } from './lease-setup';
import { caughtUp, startLeaseStack } from './lease-setup';

/** The hold after a close is 5 s, and at most a lease. */
const TTL_MS = 1_000;
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
  const [first, second] = [stack.holder(names, TTL_MS), stack.holder(names, TTL_MS)];
  first.presence.start(scope);
  second.presence.start(scope);
  const { connection } = await first.connect(id);
  const before = Date.now();
  await first.leave(connection);
  expect(await first.presence.of([id])).toMatchObject([{ status: 'online' }]);
  await waitFor(() => announced().length > 1);
  expect(Date.now() - before).toBeGreaterThanOrEqual(TTL_MS - 5);

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
  expect(Math.abs(last_seen_ms - before)).toBeLessThan(200);
  expect(await second.presence.of([id])).toEqual([
    { identity_id: id, status: 'offline', last_seen: new Date(last_seen_ms).toISOString() },
  ]);
});

test('an identity that comes back within the hold never goes offline', async () => {
  const holder = stack.holder(names, TTL_MS);
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
  const died = Date.now();
  alive.presence.start(scope);
  await waitFor(() => announced().some(([, status]) => status === 'offline'));
  expect(Date.now() - died).toBeLessThan(TTL_MS + 2_000);
  const [{ last_seen_ms } = { last_seen_ms: 0 }] = heard.at(-1) ?? [];
  expect(last_seen_ms).toBeGreaterThan(started + 100);
  expect(last_seen_ms).toBeLessThanOrEqual(died + 50);
  expect(connection.isClosed).toBe(false);
});

test('all of a large gateway that dies are told within the same time', async () => {
  const [dead, alive] = [stack.holder(names, TTL_MS), stack.holder(names, TTL_MS)];
  await Promise.all(Array.from({ length: 3_000 }, (_, n) => dead.connect(`usr_${n}`)));
  const died = performance.now();
  alive.presence.start(scope);
  await waitFor(() => announced().filter(([, status]) => status === 'offline').length === 3_000);
  expect(performance.now() - died).toBeLessThan(TTL_MS + 2_000);
});

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
  two.live.fill();
  presence.announce([change]);
  expect(told()).toEqual([1, 1]);

  two.live.drain();
  presence.unwatch(two.connection);
  two.connection.ended();
  presence.watchAllowed(two.connection, [id]);
  presence.announce([change, { ...change, identity_id: 'agt_2' }]);
  expect(told()).toEqual([2, 1]);
});
