import { connectAgent, type Agent } from '@agent-messenger/sdk';
import {
  createAgent,
  inParallel,
  metricOf,
  type ServiceProcess,
  waitForProgress,
} from '@agent-messenger/testkit';
import { startReliability, type Reliability } from './setup';
import { StormClient } from './storm-client';

const CLIENTS = 2_000;
/** Of them, agents on the SDK with an API key. */
const AGENTS = 20;
/** Far less than a slow machine looks at: else nobody would have to wait. */
const RATE = 100;
/** What may be admitted ahead of the rate. */
const BURST = RATE;

let system: Reliability;
let gateway: ServiceProcess;
beforeAll(async () => {
  system = await startReliability({
    gateways: 1,
    // All come from one address.
    env: {
      gateway: { CONNECTS_PER_SECOND: `${RATE}`, MAX_HTTP_CONNECTIONS_PER_IP: `${2 * CLIENTS}` },
    },
  });
  [gateway] = system.stack.gateways as [ServiceProcess];
}, 60_000);
afterAll(() => system.stop(), 60_000);

test('two thousand clients reconnect at once: admitted at the rate, told when to come, without bcrypt', async () => {
  const { auth, adminKey } = system.stack;
  const keys = await inParallel(Array.from({ length: AGENTS }), () =>
    createAgent(gateway.url, adminKey),
  );
  const members = await inParallel(Array.from({ length: CLIENTS - AGENTS }), (_, index) =>
    index % 2 ? system.person() : system.agent(),
  );
  const clients = members.map((member) => new StormClient(gateway, member));
  const agents: Agent[] = [];
  try {
    for (const { api_key: apiKey } of keys) {
      agents.push(await connectAgent({ url: gateway.url, apiKey }));
    }
    await storm(clients);
    const bcrypt = await metricOf(auth, 'auth_bcrypt_seconds_count');
    expect(bcrypt).toBeGreaterThanOrEqual(AGENTS);

    const back = agents.map((agent) => new Promise((resolve) => agent.on('connected', resolve)));
    await gateway.kill('SIGKILL');
    const gone = () => clients.filter(({ isConnected }) => !isConnected).length;
    await waitForProgress(gone, clients.length, { describe: 'the number of those who know' });
    await gateway.start();
    const { admitted, refusals, seconds } = await storm(clients);
    await Promise.all(back);
    process.stderr.write(
      `${clients.length} clients back in ${seconds.toFixed(1)} s, ${refusals.length} refusals\n`,
    );
    expect(refusals.length).toBeGreaterThan(0);
    expect(
      refusals.filter(({ code, retry_after_ms = 0 }) => {
        return code !== 'unavailable' || retry_after_ms <= 0;
      }),
    ).toEqual([]);
    // The n-th is not in before the rate allows it, from the first on.
    const early = admitted.filter((ms, index) => index + 1 > BURST + 1 + (ms / 1_000) * RATE);
    expect(early).toEqual([]);
    expect(await metricOf(auth, 'auth_bcrypt_seconds_count')).toBe(bcrypt);
    expect(await metricOf(gateway, 'gateway_connections')).toBe(CLIENTS);
    expect(await metricOf(gateway, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  } finally {
    for (const client of clients) client.close();
    await Promise.all(agents.map((agent) => agent.close({ deadlineMs: 0 })));
  }
}, 600_000);

/** All connect at once; resolves when all are in. */
async function storm(clients: readonly StormClient[]) {
  const from = performance.now();
  for (const client of clients) {
    client.refusals.length = 0;
    client.connect();
  }
  const connected = () => clients.filter(({ isConnected }) => isConnected).length;
  await waitForProgress(connected, clients.length, { describe: 'the number of clients' });
  const admitted = clients
    .map(({ connectedAt }) => (connectedAt ?? 0) - from)
    .toSorted((a, b) => a - b);
  return {
    admitted,
    refusals: clients.flatMap(({ refusals }) => refusals),
    seconds: (admitted.at(-1) ?? 0) / 1_000,
  };
}
