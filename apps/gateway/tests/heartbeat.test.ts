import type { Presence } from '@agent-messenger/contracts';
import { waitFor, type TestSocket } from '@agent-messenger/testkit';
import { once } from 'node:events';
import type { Harness, TestGateway } from './harness';
import { connectionsOf, startHarness } from './harness';
import { RawSocket } from './raw-socket';

const PING_MS = 30_000;
const PONG_MS = 10_000;

let harness: Harness;
let gateway: TestGateway;
let patient: TestGateway;
let strict: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  patient = await harness.gateway({ AGENT_PONG_TIMEOUT_MS: '13000' });
  strict = await harness.gateway({ AGENT_PONG_TIMEOUT_MS: '4000' });
}, 60_000);
afterAll(() => harness.close());

/** @returns ms from then until the condition came about */
async function timed(what: Promise<unknown>, from: number): Promise<number> {
  await what;
  return performance.now() - from;
}

/** Resolves when this frame comes. */
function heard({ socket }: RawSocket, frame: string): Promise<void> {
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (data.toString() === frame) resolve();
    });
  });
}

/** Resolves when the watcher is told that somebody has gone. */
function toldOffline(watcher: TestSocket, identityId: string): Promise<unknown> {
  const isIt = (one: Presence) => one.identity_id === identityId && one.status === 'offline';
  const wasOffline = watcher.all('presence').filter(isIt).length;
  return waitFor(() => watcher.all('presence').filter(isIt).length > wasOffline, {
    timeoutMs: 2 * (PING_MS + PONG_MS),
    describe: `${identityId} offline`,
  });
}

/** That it is not much later either shows in what comes after it. */
function expectNotBefore(ms: number, expected: number): void {
  expect(ms).toBeGreaterThan(expected - 1_500);
}

// Each waits for a ping: at the same time.
test.concurrent(
  'a peer is pinged every 30 s, cut when it does not answer within 10 s, and offline before one that left then',
  async () => {
    harness.store.addConversation('cnv_1', ['usr_1', 'usr_3', 'usr_5', 'usr_9']);
    const watcher = await harness.person(gateway, 'usr_9');
    const leaver = await harness.person(gateway, 'usr_5');
    const engine = async (identityId: string) => {
      const from = performance.now();
      const raw = await RawSocket.person(gateway, harness.token(identityId));
      return { raw, ping: heard(raw, '2'), from };
    };
    const plain = async (identityId: string, autoPong: boolean) => {
      const from = performance.now();

      const raw = await RawSocket.connect(
        gateway,
        `/client/connect?token=${harness.token(identityId)}`,
        { autoPong },
      );
      return { raw, ping: once(raw.socket, 'ping'), from };
    };
    const [deadEngine, aliveEngine] = [await engine('usr_1'), await engine('usr_2')];
    const [deadPlain, alivePlain] = [await plain('usr_3', false), await plain('usr_4', true)];

    const offline = ['usr_1', 'usr_3', 'usr_5'].map((identityId) =>
      toldOffline(watcher, identityId),
    );
    await Promise.all([
      ...[deadEngine, deadPlain].map(async ({ raw, ping, from }) => {
        expectNotBefore(await timed(ping, from), PING_MS);
        expectNotBefore(await timed(once(raw.socket, 'close'), from), PING_MS + PONG_MS);
      }),
      aliveEngine.ping.then(() => aliveEngine.raw.send('3')),
    ]);
    // Who leaves is held for 5 s, who was cut for 2.
    leaver.close();
    await Promise.all(offline);
    const gone = watcher.all('presence').filter(({ status }) => status === 'offline');
    expect(gone.at(-1)).toMatchObject({ identity_id: 'usr_5' });
    for (const { raw } of [aliveEngine, alivePlain]) expect(raw.closeCode).toBeUndefined();
    expect(await connectionsOf(gateway)).toBe(3);
  },
  90_000,
);

test.concurrent(
  'AGENT_PONG_TIMEOUT_MS is of agents on both transports, and of nobody else; what a silent one had under way counts',
  async () => {
    const silentAgents = ['agt_11', 'agt_12', 'agt_14', 'agt_15'];
    for (const id of silentAgents)
      harness.store.addConversation(`cnv_${id.slice(4)}`, [id, 'usr_20']);

    const tokenOf = (identityId: string) => harness.token(identityId);
    const engine = async (at: TestGateway, namespace: '/agent' | '/client', identityId: string) => {
      const from = performance.now();
      const raw = await RawSocket.open(at);
      raw.send(`40${namespace},${JSON.stringify({ token: tokenOf(identityId) })}`);
      await raw.frame((text) => text.startsWith(`42${namespace},["synced"`));
      return { raw, ping: heard(raw, '2'), from };
    };
    const plain = async (at: TestGateway, identityId: string) => {
      const from = performance.now();
      const raw = await RawSocket.connect(at, '/agent/connect', { autoPong: false });
      raw.send(JSON.stringify({ type: 'auth', data: { token: tokenOf(identityId) } }));
      await raw.frame((text) => text.includes('"synced"'));
      return { raw, ping: once(raw.socket, 'ping'), from };
    };
    const silent = [
      [await engine(strict, '/agent', 'agt_14'), 4_000],
      [await plain(strict, 'agt_15'), 4_000],
      [await engine(patient, '/client', 'usr_13'), PONG_MS],
      [await engine(strict, '/client', 'usr_16'), PONG_MS],
      [await engine(patient, '/agent', 'agt_11'), 13_000],
      [await plain(patient, 'agt_12'), 13_000],
    ] as const;
    const answering = await engine(strict, '/agent', 'agt_17');
    const person = await harness.person(patient, 'usr_20');
    for (const id of silentAgents) await person.send(`cnv_${id.slice(4)}`, id, 'slow work');

    const cut: number[] = [];
    await Promise.all([
      ...silent.map(async ([{ raw, ping, from }, expected]) => {
        await ping;
        expectNotBefore(await timed(once(raw.socket, 'close'), from), PING_MS + expected);
        cut.push(expected);
      }),
      answering.ping.then(() => answering.raw.send('3')),
    ]);
    expect(cut).toEqual(silent.map(([, expected]) => expected));
    expect(answering.raw.closeCode).toBeUndefined();
    const underWay = (id: string) => ({
      ...{ agent_id: id, log_id: 'log_1' },
      under_way: [{ conversation_id: `cnv_${id.slice(4)}`, seq: 1 }],
    });
    const { attempts } = harness.store;
    await waitFor(() => attempts.length >= silentAgents.length);
    expect(attempts).toEqual(expect.arrayContaining(silentAgents.map(underWay)));
    expect(attempts).toHaveLength(silentAgents.length);
  },
  90_000,
);

test('a Socket.IO client is told these times', async () => {
  const raw = await RawSocket.open(gateway);
  const open = JSON.parse((await raw.frame((text) => text.startsWith('0'))).slice(1)) as object;
  expect(open).toMatchObject({ pingInterval: PING_MS, pingTimeout: PONG_MS, upgrades: [] });
});
