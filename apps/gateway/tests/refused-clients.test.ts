import { once } from 'node:events';
import { metricOf, waitFor } from '@agent-messenger/testkit';
import { io as io4, type Socket } from 'socket.io-client';
import { io as io3 } from 'socket.io-client-3';
import type { Harness, TestGateway } from './harness';
import { API_KEY, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());

/** As they are without our SDK, but quick to try again. */
const versions = {
  '4.x': (url: string, auth: object) =>
    io4(url, { ...QUICK, auth: auth as Record<string, unknown> }),
  '3.1.3': (url: string, auth: object) =>
    io3(url, { ...QUICK, auth: auth as never }) as unknown as Socket,
};
const QUICK = {
  transports: ['websocket'],
  forceNew: true,
  reconnectionDelay: 10,
  reconnectionDelayMax: 20,
};

function connectsOf(outcome: string, at = gateway): Promise<number> {
  return metricOf(at, `gateway_connects_total{outcome="${outcome}"}`);
}

describe.each(Object.entries(versions))('socket.io-client %s', (_version, connect) => {
  test('a refusal for good is told once, and no second attempt follows', async () => {
    const before = await connectsOf('unauthorized');
    const client = connect(`${gateway.url}/client`, { token: 'garbage' });
    const told = await new Promise((resolve) =>
      client.once('connect_error', (error) => resolve((error as Error & { data: unknown }).data)),
    );
    expect(told).toEqual({ code: 'unauthorized' });
    // One that came back would be here before these.
    for (let n = 0; n < 20; n += 1) (await harness.person(gateway, `usr_${n}`)).close();
    expect(await connectsOf('unauthorized')).toBe(before + 1);
    client.close();
  });

  test('a refusal for now ends without a word, and it comes back by itself', async () => {
    const before = await connectsOf('unavailable');
    harness.store.failures = 1;
    const client = connect(`${gateway.url}/client`, { token: harness.token('usr_back') });
    let refusals = 0;
    client.on('connect_error', (error) => {
      if ('data' in error) refusals += 1;
    });
    await once(client as never, 'synced');
    expect(refusals).toBe(0);
    expect(await connectsOf('unavailable')).toBe(before + 1);
    client.close();
  });
});

test('who is refused for good and does not go is closed after all, and may send no more', async () => {
  const raw = await RawSocket.open(gateway);
  raw.send('40/client,{"token":"garbage"}');
  await raw.frame((text) => text.startsWith('44/client,') && text.includes('"unauthorized"'));
  expect(raw.closeCode).toBeUndefined();
  const talkative = await RawSocket.open(gateway);
  talkative.send('40/client,{"token":"garbage"}');
  await talkative.frame((text) => text.startsWith('44/client,'));
  talkative.send('42/client,1["read",{}]');
  await talkative.closed();
  expect(raw.closeCode).toBeUndefined();
  await waitFor(() => raw.closeCode !== undefined, { timeoutMs: 20_000 });
});

test('a client that knows hints is told when to come back, and closed', async () => {
  harness.store.failures = 1;
  const raw = await RawSocket.open(gateway);
  const auth = { token: harness.token('usr_hints'), retry_hints: 1 };
  raw.send(`40/client,${JSON.stringify(auth)}`);
  await raw.frame((text) => text.includes('"code":"unavailable","retry_after_ms":700'));
  await raw.closed();
});

test('wrong keys take nothing from right ones at the same address', async () => {
  const env = { WRONG_KEYS_PER_MINUTE_IP: '5', CONNECTS_PER_MINUTE_IP: '10' };
  const strict = await harness.gateway({ ...env, REDIS_PREFIX: 'strict' });
  const { url } = strict;
  const wrong = async (n: number) => {
    const socket = harness.plain(strict, '/agent', { api_key: `amk_key1_Wrong${n}` });
    return (await socket.refused()).code;
  };
  await harness.plain(strict, '/agent', { api_key: API_KEY }).synced();
  const codes = [];
  for (let n = 0; n < 70; n += 1) codes.push(await wrong(n));
  expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'unauthorized'));
  expect(codes.at(-1)).toBe('rate_limited');
  // In sockets and in REST, and tokens anyway.
  await harness.plain(strict, '/agent', { api_key: API_KEY }).synced();
  await harness.plain(strict, '/client', { token: harness.token('usr_right') }).synced();
  const headers = { authorization: `Bearer ${API_KEY}` };
  harness.store.addConversation('cnv_right', ['agt_1']);
  const answer = await fetch(`${url}/conversations/cnv_right/events`, { headers });
  expect(answer.status).toBe(200);
});

test('an empty list of subprotocols is none', async () => {
  const headers = { 'Sec-WebSocket-Protocol': '' };
  for (const path of ['/client/connect', '/socket.io/?EIO=4&transport=websocket']) {
    const raw = await RawSocket.connect(gateway, path, { headers });
    expect(raw.socket.protocol).toBe('');
    raw.socket.close();
  }
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
