import { PLAIN_SUBPROTOCOL } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ClientOptions } from 'ws';
import { WebSocket } from 'ws';
import type { Harness, TestGateway } from './harness';
import { startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ CORS_ORIGINS: 'https://app.example, https://two.example' });
});
afterAll(() => harness.close());

const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket';

/** The status with which an upgrade is answered; 101 when it is made. */
async function statusOf(
  path: string,
  options: ClientOptions = {},
  at = gateway,
): Promise<number | undefined> {
  const socket = new WebSocket(at.url.replace('http', 'ws') + path, options);
  return new Promise((resolve) => {
    socket.once('open', () => {
      resolve(101);
      socket.close();
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    socket.on('error', () => undefined);
  });
}

describe.each(['/client/connect', '/agent/connect', SOCKET_IO])('origins at %s', (path) => {
  test.each([
    ['a program, which sends none', undefined, true],
    ['a configured page', 'https://app.example', true],
    ['the other configured page', 'https://two.example', true],
    ['a page of another host', 'https://evil.example', false],
    ['a configured name with another scheme', 'http://app.example', false],
    ['a name that only begins like it', 'https://app.example.evil.example', false],
    ['a page without origin', 'null', false],
    ['garbage', 'garbage', false],
  ])('%s: %s', async (_who, origin, isAllowed) => {
    const status = await statusOf(path, origin === undefined ? {} : { origin });
    expect(status).toBe(isAllowed ? 101 : 403);
  });

  test('a page of this host passes', async () => {
    expect(await statusOf(path, { origin: gateway.url })).toBe(101);
  });

  test('of a host that a proxy has replaced passes when it is configured, and only then', async () => {
    const behind = (origin: string) => ({
      origin,
      headers: { host: 'backend.internal:8080' },
    });
    expect(await statusOf(path, behind('https://app.example'))).toBe(101);
    expect(await statusOf(path, behind(gateway.url))).toBe(403);
    // As one that keeps it passes it on.
    const kept = { origin: 'https://chat.example', headers: { host: 'chat.example' } };
    expect(await statusOf(path, kept)).toBe(101);
  });
});

test.each([
  '/',
  '/client',
  '/client/connect/',
  '/agent/connect/x',
  '/socket.io',
  '//client/connect',
])('an upgrade of %s is answered 404', async (path) => {
  expect(await statusOf(path)).toBe(404);
});

test('a refused upgrade is over, also for a peer that keeps its half open', async () => {
  const { port, hostname } = new URL(gateway.url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  socket.write(
    'GET /nope HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
  await once(socket, 'end');
  // Nobody listens there any more: what is still sent is answered with a reset.
  const reset = new Promise((resolve) => socket.once('error', resolve));
  const timer = setInterval(() => socket.write('are you there?'), 10);
  expect(await reset).toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) as string });
  clearInterval(timer);
});

test('a refused upgrade disturbs nobody else', async () => {
  const waiting = await RawSocket.connect(gateway, '/client/connect');
  const person = await harness.person(gateway, 'usr_2');
  expect(await statusOf('/nope')).toBe(404);
  waiting.send(JSON.stringify({ type: 'auth', data: { token: harness.token('usr_1') } }));
  await waiting.frame((text) => text.includes('"connected"'));
  expect(await person.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
});

describe('an address has so many connections, whether it says who it is or not', () => {
  test('of both transports together; one that closes makes room', async () => {
    const small = await harness.gateway({ MAX_CONNECTIONS_PER_IP: '2' });
    await RawSocket.connect(small, '/client/connect');
    const other = await RawSocket.open(small);
    for (const path of ['/agent/connect', SOCKET_IO]) {
      expect(await statusOf(path, {}, small)).toBe(429);
    }
    other.socket.close();
    await waitFor(async () => (await statusOf(SOCKET_IO, {}, small)) === 101);
  });

  test('an address is the one that the proxy gives', async () => {
    const behind = await harness.gateway({ MAX_CONNECTIONS_PER_IP: '1', TRUST_PROXY: 'loopback' });
    const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });
    await RawSocket.connect(behind, '/client/connect', from('192.0.2.1'));
    expect(await statusOf('/client/connect', from('192.0.2.1'), behind)).toBe(429);
    expect(await statusOf('/client/connect', from('192.0.2.2'), behind)).toBe(101);
  });
});

describe('another upgrade than to a WebSocket is answered as if it were not offered', () => {
  const offer =
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
  const body = JSON.stringify({ username: 'ümlaut', password: 'correct horse battery' });

  /** What one connection answers to these requests, each sent when the one before is answered. */
  async function answers(requests: string[]): Promise<string[]> {
    const { port, hostname } = new URL(gateway.url);
    const socket = connect({ port: Number(port), host: hostname });
    const all: string[] = [];
    for (const request of requests) {
      socket.write(request);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      all.push(answer.toString());
    }
    socket.destroy();
    return all;
  }

  test('with and without a body, again and again on one connection', async () => {
    const get = `GET /health HTTP/1.1\r\nHost: x\r\n${offer}\r\n`;
    const post =
      `POST /auth/login HTTP/1.1\r\nHost: x\r\n${offer}Content-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    const requests = Array.from({ length: 12 }, () => [get, post]).flat();
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    for (const [index, answer] of (await answers(requests)).entries()) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toContain(index % 2 === 0 ? '"status"' : '"access_token"');
    }
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('a body that comes later is waited for', async () => {
    const { port, hostname } = new URL(gateway.url);
    const socket = connect({ port: Number(port), host: hostname });
    socket.write(
      `POST /auth/login HTTP/1.1\r\nHost: x\r\n${offer}Content-Type: application/json\r\n` +
        'Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const [go] = (await once(socket, 'data')) as [Buffer];
    expect(go.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(`${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    socket.destroy();
  });

  /** All that one connection answers to what is sent at once, until it has so many answers. */
  async function answersTo(text: string, count: number): Promise<string> {
    const { port, hostname } = new URL(gateway.url);
    const socket = connect({ port: Number(port), host: hostname });
    let all = '';
    socket.on('data', (data: Buffer) => (all += data.toString()));
    socket.write(text);
    await waitFor(() => all.split('HTTP/1.1 ').length > count, { describe: 'all answers' });
    socket.destroy();
    return all;
  }

  test('each is answered, in order, when several come at once', async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n${offer}\r\n`;
    const plain = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
    const all = await answersTo(get('/health') + get('/nope') + plain + get('/health'), 4);
    const statuses = [...all.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '404', '200', '200']);
  });

  test.each(['/client/connect', SOCKET_IO])(
    'an upgrade to %s waits for the answers before it',
    async (path) => {
      const upgrade =
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
      const all = await answersTo(
        `GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET ${path} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
        2,
      );
      const statuses = [...all.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
      expect(statuses).toEqual(['200', '101']);
    },
  );

  test('who leaves before its turn does no harm', async () => {
    const { port, hostname } = new URL(gateway.url);
    for (let n = 0; n < 20; n += 1) {
      const socket = connect({ port: Number(port), host: hostname });
      await once(socket, 'connect');
      socket.write(
        `GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n${offer}\r\n`,
      );
      socket.resetAndDestroy();
    }
    expect(await statusOf('/client/connect')).toBe(101);
  });

  test('what does not exist is not found there either', async () => {
    const [answer] = await answers([`GET /nope HTTP/1.1\r\nHost: x\r\n${offer}\r\n`]);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });
});

test('the subprotocol is selected when it is offered, and absent otherwise', async () => {
  const offered = await RawSocket.connect(gateway, '/agent/connect', {
    protocols: ['other', PLAIN_SUBPROTOCOL],
  });
  expect(offered.socket.protocol).toBe('agent-messenger.v1');
  const none = await RawSocket.connect(gateway, '/agent/connect');
  expect(none.socket.protocol).toBe('');
});

test('compression is not negotiated, also when it is offered', async () => {
  const raw = await RawSocket.connect(gateway, '/agent/connect', { perMessageDeflate: true });
  expect(raw.socket.extensions).toBe('');
});

test('a request that is no upgrade is no connection', async () => {
  expect((await fetch(`${gateway.url}/client/connect`)).status).toBe(426);
  expect((await fetch(`${gateway.url}/client/connect`, { method: 'POST' })).status).toBe(426);
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
