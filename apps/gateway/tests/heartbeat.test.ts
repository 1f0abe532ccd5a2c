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

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());

/** @returns ms until the condition came about */
async function timed(what: Promise<unknown>): Promise<number> {
  const from = performance.now();
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
    timeoutMs: PING_MS + 2 * PONG_MS,
    describe: `${identityId} offline`,
  });
}

function expectAbout(ms: number, expected: number): void {
  expect(ms).toBeGreaterThan(expected - 1_500);
  expect(ms).toBeLessThan(expected + 3_000);
}

test('a peer is pinged every 30 s, cut when it does not answer within 10 s, and offline 2 s later', async () => {
  harness.store.addConversation('cnv_1', ['usr_1', 'usr_3', 'usr_9']);
  const watcher = await harness.person(gateway, 'usr_9');
  const engine = async (identityId: string) => {
    const raw = await RawSocket.person(gateway, harness.token(identityId));
    return { raw, ping: heard(raw, '2') };
  };
  const plain = async (identityId: string, autoPong: boolean) => {
    const raw = await RawSocket.connect(
      gateway,
      `/client/connect?token=${harness.token(identityId)}`,
      { autoPong },
    );
    return { raw, ping: once(raw.socket, 'ping') };
  };
  const [deadEngine, aliveEngine] = [await engine('usr_1'), await engine('usr_2')];
  const [deadPlain, alivePlain] = [await plain('usr_3', false), await plain('usr_4', true)];

  await Promise.all([
    timed(deadEngine.ping).then((ms) => expectAbout(ms, PING_MS)),
    timed(deadPlain.ping).then((ms) => expectAbout(ms, PING_MS)),
    timed(once(deadEngine.raw.socket, 'close')).then((ms) => expectAbout(ms, PING_MS + PONG_MS)),
    timed(once(deadPlain.raw.socket, 'close')).then((ms) => expectAbout(ms, PING_MS + PONG_MS)),
    ...['usr_1', 'usr_3'].map((dead) =>
      timed(toldOffline(watcher, dead)).then((ms) =>
        expect(ms).toBeLessThan(PING_MS + PONG_MS + 2_000),
      ),
    ),
    aliveEngine.ping.then(() => aliveEngine.raw.send('3')),
  ]);
  for (const { raw } of [aliveEngine, alivePlain]) expect(raw.closeCode).toBeUndefined();
  expect(await connectionsOf(gateway)).toBe(3);
}, 60_000);

test('a Socket.IO client is told these times', async () => {
  const raw = await RawSocket.open(gateway);
  const open = JSON.parse((await raw.frame((text) => text.startsWith('0'))).slice(1)) as object;
  expect(open).toMatchObject({ pingInterval: PING_MS, pingTimeout: PONG_MS, upgrades: [] });
});
