import { redisNames, type Lease } from '@agent-messenger/contracts';
import { connectRedis } from '@agent-messenger/service-kit';
import { waitFor, type TestSocket } from '@agent-messenger/testkit';
import type { Redis } from 'ioredis';
import { deferred, settled, silent } from './fakes';
import type { Harness, TestGateway } from './harness';
import { connectionsOf, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateways: [TestGateway, TestGateway];

beforeEach(async () => {
  harness = await startHarness();
  // Short enough for renewals to be waited for, long enough for a busy machine to be in time for them.
  const env = { LEASE_TTL_MS: '9000' };
  gateways = [await harness.gateway(env), await harness.gateway(env)];
});
afterEach(() => harness.close());

const connect = (gateway: TestGateway, identityId: string): TestSocket =>
  harness.socket(gateway, '/client', { token: harness.token(identityId) });

/** Whoever is refused comes again, as clients do. */
const admitted = (gateway: TestGateway, identityId: string): Promise<TestSocket> =>
  connect(gateway, identityId)
    .synced()
    .catch(() => admitted(gateway, identityId));

const client = (): Promise<Redis> =>
  connectRedis(harness.redis.url, { name: 'test', log: silent, scope: harness.scope });

/** Of those who are connected, the ones whose lease is another's. */
async function robbed(sockets: readonly TestSocket[]): Promise<string[]> {
  const redis = await client();
  const names = redisNames(harness.prefix);
  const connected = sockets.flatMap((socket) => socket.all('connected'));
  const leases = await redis.mget(connected.map(({ identity }) => names.lease(identity.id)));
  return connected.flatMap(({ identity, connection_id }, index) => {
    const lease = JSON.parse(leases[index] ?? '{}') as Partial<Lease>;
    return lease.connection_id === connection_id ? [] : [identity.id];
  });
}

test('what was asked of a Redis that stalled and was given up takes nothing from who came later', async () => {
  const people = Array.from({ length: 20 }, (_, index) => `usr_${index}`);
  // A Redis that does not know the scripts yet would refuse what comes late.
  await Promise.all(
    gateways.map((gateway, index) => connect(gateway, `usr_first${index}`).synced()),
  );
  harness.redis.pause();
  // Half of them begin at each gateway, and go to the other one.
  const order = (index: number) =>
    (index % 2 ? gateways.toReversed() : gateways) as typeof gateways;
  const refusals = await Promise.all(
    people.map((id, index) => connect(order(index)[0], id).refused()),
  );
  expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['unavailable']));
  const back = people.map((id, index) => admitted(order(index)[1], id));
  setTimeout(() => harness.redis.resume(), 500);
  const sockets = await Promise.all(back);
  expect(await robbed(sockets)).toEqual([]);
  expect(sockets.flatMap((socket) => socket.all('replaced'))).toEqual([]);
  expect(sockets.map(({ socket }) => socket.connected)).not.toContain(false);
});

describe.each([
  [
    'Socket.IO',
    '/socket.io/?EIO=4&transport=websocket',
    (token: string) => `40/client,{"token":"${token}"}`,
  ],
  [
    'a WebSocket',
    '/client/connect',
    (token: string) => `{"type":"auth","data":{"token":"${token}"}}`,
  ],
])('who goes while it is being admitted, on %s', (_transport, path, auth) => {
  /** It goes while this call of the store is under way. */
  async function leave(during: 'authorizing' | 'connecting'): Promise<void> {
    const held = deferred<void>();
    let isHeld = false;
    harness.store[during] = () => {
      isHeld = true;
      return held.promise;
    };
    const left = await RawSocket.connect(gateways[0], path);
    left.send(auth(harness.token('usr_1')));
    await waitFor(() => isHeld);
    left.socket.close();
    await left.closed();
    harness.store[during] = () => Promise.resolve();
    held.resolve();
    // Through the same store and Redis, after it.
    await connect(gateways[0], 'usr_2').synced();
  }

  test('takes nothing from who is connected, when it has no lease yet', async () => {
    const stands = await connect(gateways[1], 'usr_1').synced();
    await leave('authorizing');
    expect(await robbed([stands])).toEqual([]);
    expect(stands.all('replaced')).toEqual([]);
  });

  test('leaves no lease and no connection behind, when it has one', async () => {
    await leave('connecting');
    const redis = await client();
    const lease = redisNames(harness.prefix).lease('usr_1');
    await waitFor(async () => (await redis.exists(lease)) === 0);
    expect(await connectionsOf(gateways[0])).toBe(1);
  });
});

describe.each([
  ['the same gateway', 0],
  ['another gateway', 1],
] as const)('Redis is emptied between two connects at once, the second on %s', (_where, second) => {
  test.each([
    ['first', 0],
    ['last', 1],
  ] as const)('the second stands when the store hears it %s', async (_when, heardFirst) => {
    const held = [deferred<void>(), deferred<void>()] as const;
    let connects = 0;
    harness.store.connecting = () => held[connects++]?.promise ?? Promise.resolve();
    const older = connect(gateways[0], 'usr_1');
    await waitFor(() => connects === 1);
    await (await client()).flushall();
    const newer = connect(gateways[second], 'usr_1');
    await waitFor(() => connects === 2);
    for (const one of heardFirst ? held : held.toReversed()) {
      one.resolve();
      await settled();
    }
    await newer.synced();
    await waitFor(() => older.socket.disconnected);
    expect(newer.socket.connected).toBe(true);
    expect(await robbed([newer])).toEqual([]);
  });
});
