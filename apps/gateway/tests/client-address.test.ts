import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { WebSocket } from 'ws';
import type { Harness, TestGateway } from './harness';
import { startHarness } from './harness';

let harness: Harness;
let prefixes = 0;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

/** A gateway that serves each address once, and counts what came before as nothing. */
function strict(env: NodeJS.ProcessEnv = {}): Promise<TestGateway> {
  prefixes += 1;
  return harness.gateway({
    LOGINS_PER_MINUTE_IP: '1',
    CONNECTS_PER_MINUTE_IP: '1',
    REDIS_PREFIX: `address-${prefixes}`,
    ...env,
  });
}

/** Whether somebody is served who claims to have been forwarded like this. */
type Ask = (gateway: TestGateway, headers: Record<string, string>) => Promise<boolean>;

const rest: Ask = async ({ url }, headers) => {
  const response = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ username: 'somebody', password: 'some-password' }),
  });
  expect([200, 429]).toContain(response.status);
  return response.status === 200;
};

/** An upgrade: beyond the bound of its address it is refused. */
const upgrade =
  (path: string): Ask =>
  async (gateway, headers) => {
    const [url, options] = [gateway.url.replace('http', 'ws') + path, { headers }];
    const socket = new WebSocket(url, options);
    const opened = once(socket, 'open').then(() => true);
    const refused = once(socket, 'unexpected-response').then(([, answer]) => {
      expect((answer as IncomingMessage).statusCode).toBe(429);
      return false;
    });
    socket.on('error', () => undefined);
    const isServed = await Promise.race([opened, refused]);
    socket.terminate();
    return isServed;
  };

const forwarded = (...addresses: string[]) => ({ 'x-forwarded-for': addresses.join(', ') });

describe.each<[string, Ask]>([
  ['REST', rest],
  ['Socket.IO', upgrade('/socket.io/?EIO=4&transport=websocket')],
  ['plain WebSocket', upgrade('/client/connect')],
])('%s', (_transport, isOk) => {
  test('without a configured proxy nothing that a client says about its address counts', async () => {
    const gateway = await strict();
    expect(await isOk(gateway, forwarded('192.0.2.1'))).toBe(true);
    for (const headers of [
      forwarded('192.0.2.2'),
      forwarded('192.0.2.3', '127.0.0.1'),
      forwarded(''),
      { forwarded: 'for=192.0.2.4' },
      { 'x-real-ip': '192.0.2.5' },
      { 'x-client-ip': '192.0.2.6', 'cf-connecting-ip': '192.0.2.7', 'true-client-ip': '::2' },
      {},
    ]) {
      expect(await isOk(gateway, headers)).toBe(false);
    }
  });

  test('a proxy that is not the configured one is a client like others', async () => {
    const gateway = await strict({ TRUST_PROXY: '192.0.2.0/24' });
    expect(await isOk(gateway, forwarded('198.51.100.1'))).toBe(true);
    expect(await isOk(gateway, forwarded('198.51.100.2'))).toBe(false);
  });

  test('behind a configured proxy clients are those that it names', async () => {
    const gateway = await strict({ TRUST_PROXY: 'loopback' });
    expect(await isOk(gateway, forwarded('192.0.2.1'))).toBe(true);
    expect(await isOk(gateway, forwarded('192.0.2.1'))).toBe(false);
    expect(await isOk(gateway, forwarded('192.0.2.2'))).toBe(true);
  });

  test('what the client put before the address that the proxy added does not count', async () => {
    const gateway = await strict({ TRUST_PROXY: 'loopback' });
    expect(await isOk(gateway, forwarded('192.0.2.1'))).toBe(true);
    for (const lies of [['198.51.100.1'], ['127.0.0.1'], ['garbage'], ['::1', '10.0.0.1', '']]) {
      expect(await isOk(gateway, forwarded(...lies, '192.0.2.1'))).toBe(false);
    }
  });

  test('through a chain of configured proxies the first that is none of them is the client', async () => {
    const gateway = await strict({ TRUST_PROXY: 'loopback,10.0.0.0/8' });
    expect(await isOk(gateway, forwarded('192.0.2.1', '10.1.1.1'))).toBe(true);
    expect(await isOk(gateway, forwarded('192.0.2.1', '10.2.2.2', '10.1.1.1'))).toBe(false);
    expect(await isOk(gateway, forwarded('192.0.2.9', '10.1.1.1'))).toBe(true);
  });

  test('addresses of one IPv6 network are one client, an IPv4 address is one however it is written', async () => {
    const gateway = await strict({ TRUST_PROXY: 'loopback' });
    expect(await isOk(gateway, forwarded('2001:db8::1'))).toBe(true);
    expect(await isOk(gateway, forwarded('2001:db8:0:0:ffff::2'))).toBe(false);
    expect(await isOk(gateway, forwarded('2001:db8:0:1::1'))).toBe(true);
    expect(await isOk(gateway, forwarded('::ffff:192.0.2.1'))).toBe(true);
    expect(await isOk(gateway, forwarded('192.0.2.1'))).toBe(false);
  });

  test('an address is one with a port, in brackets, or both', async () => {
    const gateway = await strict({ TRUST_PROXY: 'loopback' });
    expect(await isOk(gateway, forwarded('192.0.2.1:4711'))).toBe(true);
    expect(await isOk(gateway, forwarded('192.0.2.1:4712'))).toBe(false);
    expect(await isOk(gateway, forwarded('192.0.2.2'))).toBe(true);
    expect(await isOk(gateway, forwarded('[2001:db8::1]:4711'))).toBe(true);
    expect(await isOk(gateway, forwarded('2001:db8::1'))).toBe(false);
  });

  test('Forwarded counts where it is configured, and nothing else does', async () => {
    const env = { TRUST_PROXY: 'loopback', TRUST_PROXY_HEADER: 'forwarded' };
    const gateway = await strict(env);
    expect(await isOk(gateway, { forwarded: 'for="[2001:db8::1]:80";proto=https' })).toBe(true);
    expect(await isOk(gateway, { forwarded: 'for="[2001:db8::1]:81", for=127.0.0.1' })).toBe(false);
    expect(await isOk(gateway, forwarded('192.0.2.1'))).toBe(true);
    expect(await isOk(gateway, forwarded('192.0.2.2'))).toBe(false);
  });

  test('addresses that are none are one client, however long', async () => {
    const gateway = await strict({ TRUST_PROXY: 'loopback' });
    expect(await isOk(gateway, forwarded('unknown'))).toBe(true);
    expect(await isOk(gateway, forwarded('x'.repeat(4_000)))).toBe(false);
    expect(await isOk(gateway, forwarded('192.0.2'))).toBe(false);
  });
});

test('header lines count in their order, as one list', async () => {
  const gateway = await strict({ TRUST_PROXY: 'loopback' });
  const status = async (...lines: string[]) => {
    const sent = request(`${gateway.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': lines },
    });
    sent.end('{"username":"somebody","password":"some-password"}');
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  expect(await status('192.0.2.8', '192.0.2.1')).toBe(200);
  expect(await status('192.0.2.9', '192.0.2.1')).toBe(429);
  expect(await status('192.0.2.1', '192.0.2.9')).toBe(200);
});
