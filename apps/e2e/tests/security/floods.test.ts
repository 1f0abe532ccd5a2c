import type { Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  metricOf,
  openTestSocket,
  rest,
  startStack,
  waitFor,
  Wire,
  type ServiceProcess,
  type Stack,
  type TestSocketBase,
} from '@agent-messenger/testkit';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { heldBytes, INSPECTED } from '../reliability/memory';

/** Longer than a busy machine lets the witness wait, who is bound by them as well. */
const HEADERS_MS = 4_000;
const REQUEST_MS = 5_000;
const IDLE_MS = 5_000;
/** Longer than all of this takes. */
const TOKEN_TTL_S = 3_600;
/** Until a machine that is busy with the flood itself has come round to what is overdue. */
const PATIENCE_MS = 60_000;
/** The witness has the budget of everybody, 600 messages a minute, however quick the machine is. */
const BETWEEN_ROUNDS_MS = 150;
/** Connections of one flood. */
const MANY = 50;
const MIB = 1024 * 1024;
const GROWTH_BYTES = 10 * MIB;

/** Of the attacker, as the proxy in front would tell it; the others are at another one. */
const ATTACKER = 'X-Forwarded-For: 203.0.113.66\r\n';

jest.setTimeout(2 * PATIENCE_MS);

let stack: Stack;
let url: string;
let gateway: ServiceProcess;
let witness: { person: TestSocketBase; agent: TestSocketBase; conversation: string; token: string };
let before: { pids: Record<string, number>; held: number; descriptors: number };

/** With the limits that a gateway has by default. */
beforeAll(async () => {
  stack = await startStack({
    env: {
      auth: { ACCESS_TOKEN_TTL_S: `${TOKEN_TTL_S}` },
      gateway: {
        ...INSPECTED,
        TRUST_PROXY: '127.0.0.1',
        HTTP_HEADERS_TIMEOUT_MS: `${HEADERS_MS}`,
        HTTP_REQUEST_TIMEOUT_MS: `${REQUEST_MS}`,
        HTTP_IDLE_TIMEOUT_MS: `${IDLE_MS}`,
      },
    },
  });
  gateway = stack.gateways[0] as ServiceProcess;
  url = gateway.url;
  const [{ access_token: token }, { id, api_key }] = await Promise.all([
    createPerson(url),
    createAgent(url, stack.adminKey),
  ]);
  const body = { agent_id: id };
  const opened = await rest(url, 'POST', '/conversations', { body, bearer: token });
  witness = {
    person: await openTestSocket('socket.io', url, '/client', { token }).synced(),
    agent: await openTestSocket('ws', url, '/agent', { api_key }).synced(),
    conversation: (opened.body as Conversation).id,
    token,
  };
  before = {
    pids: stack.pids(),
    held: await heldBytes({ stack }, gateway),
    descriptors: await metricOf(gateway, 'process_open_fds'),
  };
}, 60_000);
afterAll(async () => {
  witness.person.close();
  witness.agent.close();
  await stack.stop();
}, 60_000);

/** One exchange of messages and one REST call after the other, until the flood is over. */
async function watch(flood: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = flood.finally(() => (isOver = true));
  let worst = 0;
  let rounds = 0;
  do {
    const from = performance.now();
    const { message } = await witness.person.send(
      witness.conversation,
      `round-${from}`,
      'meanwhile',
    );
    await witness.agent.when('event', ({ seq }) => seq === message.seq);
    // On a connection of its own: there must be room for one more.
    expect(
      await send(
        `GET /conversations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${witness.token}\r\n\r\n`,
      ),
    ).toBe(200);
    worst = Math.max(worst, performance.now() - from);
    rounds += 1;
    await delay(BETWEEN_ROUNDS_MS);
  } while (!isOver || rounds < 2);
  await over;
  process.stderr.write(`${rounds} rounds beside it, the longest ${worst.toFixed(0)} ms\n`);
}

function times<T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => work(n)));
}

/** Sends it at once. @returns the status of the answer, and 0 when it is cut without one */
async function send(request: string): Promise<number> {
  const answer = await Wire.exchange(url, request, { timeoutMs: PATIENCE_MS });
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
}

/** Sends a beginning, then one more piece every few milliseconds. @returns ms until it was cut */
async function drip(begin: string, piece = 'x'): Promise<number> {
  // The gateway counts from when it takes the connection, which may be long before this process hears of that.
  const from = performance.now();
  const wire = await Wire.open(url);
  await wire.drip(begin, { piece, everyMs: 50, timeoutMs: PATIENCE_MS });
  expect(wire.text).not.toMatch(/^HTTP\/1\.1 [25]/);
  return performance.now() - from;
}

/**
 * Besides 408, for what came too late on a busy machine, and 0: who is cut while it sends may not see the answer. When
 * that was so for all of them, one more that comes alone is answered.
 */
async function expectOnly(
  statuses: readonly number[],
  expected: number,
  request: string,
): Promise<void> {
  const others = statuses.filter((status) => ![expected, 408, 0].includes(status));
  expect(new Set(others)).toEqual(new Set());
  if (statuses.includes(expected)) return;
  await waitFor(async () => (await send(request)) === expected, { describe: `${expected}` });
}

const GET = `GET /health HTTP/1.1\r\nHost: x\r\n${ATTACKER}`;
/** Of the routes that take a body from anybody the one with the largest budget. */
const POST = `POST /auth/refresh HTTP/1.1\r\nHost: x\r\n${ATTACKER}Content-Type: application/json\r\n`;
const withBody = (body: string, head = POST) =>
  `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
const keys = (count: number) => `{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join()}}`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('others are served meanwhile', () => {
  test.each<[string, string, number]>([
    ['many headers', `${GET}${'X-Small: xxxxxxxx\r\n'.repeat(1_100)}\r\n`, 431],
    ['huge headers', `${GET}X-Large: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
    ['a huge URL', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['no HTTP', 'x'.repeat(10_000), 400],
    ['a body beyond the bound', withBody(JSON.stringify('x'.repeat(600_000))), 413],
    ['deep JSON', withBody(nested(30_000)), 400],
    ['wide JSON', withBody(`[${'0,'.repeat(30_000)}0]`), 400],
    ['nothing but keys', withBody(keys(6_000)), 400],
    ['long strings', withBody(JSON.stringify({ refresh_token: 'x'.repeat(60_000) })), 400],
  ])('%s', async (_what, request, expected) => {
    const flood = times(MANY, () => send(request));
    await watch(flood);
    await expectOnly(await flood, expected, request);
  });

  test('the largest bodies of somebody who is known', async () => {
    const { access_token } = await createPerson(url);
    const head =
      `POST /conversations/${witness.conversation}/messages HTTP/1.1\r\nHost: x\r\n${ATTACKER}` +
      `Content-Type: application/json\r\nAuthorization: Bearer ${access_token}\r\n`;
    const bodies = [nested(250_000), keys(40_000)];
    const requests = bodies.map((body) => withBody(body, head));
    const flood = times(10, (n) => send(requests[n % requests.length] ?? ''));
    await watch(flood);
    await expectOnly(await flood, 400, requests[0] ?? '');
  });

  test.each([
    ['headers that never end', `${GET}X-Slow: `, HEADERS_MS],
    ['a request line that never ends', 'GET /', HEADERS_MS],
    ['bodies that never end', `${POST}Content-Length: 60000\r\n\r\n{"`, REQUEST_MS],
  ])('%s', async (_what, begin, timeoutMs) => {
    const flood = times(MANY, () => drip(begin));
    await watch(flood);
    for (const ms of await flood) expect(ms).toBeGreaterThan(timeoutMs - 200);
  });

  test('chunks that never end', async () => {
    const begin = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
    const flood = times(MANY, () => drip(begin, '1\r\nx\r\n'));
    await watch(flood);
    for (const ms of await flood) expect(ms).toBeGreaterThan(REQUEST_MS - 200);
  });

  test('connections that say nothing', async () => {
    const flood = times(300, async () => {
      const wire = await Wire.open(url);
      await wire.closed(PATIENCE_MS);
    });
    await watch(flood);
  });

  test.each(['/openapi.json', '/socket.io/?EIO=4&transport=polling'])(
    'requests whose answers nobody takes: %s',
    async (path) => {
      const flood = times(MANY, async (n) => {
        const wire = await Wire.open(url);
        wire.socket.pause();
        // As many as may be asked for at once, or far more.
        const ask = `GET ${path} HTTP/1.1\r\nHost: x\r\n${ATTACKER}\r\n`;
        wire.socket.write(ask.repeat(n % 2 ? 16 : 1_000));
        await delay(IDLE_MS);
        wire.socket.resume();
        await wire.closed(PATIENCE_MS);
        expect(wire.text.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(16);
      });
      await watch(flood);
    },
  );

  test.each([
    ['Socket.IO', '/socket.io/?EIO=4&transport=websocket'],
    ['plain WebSocket', '/client/connect'],
  ])('WebSockets that never say who they are: %s', async (_name, path) => {
    const flood = times(MANY, async () => {
      const headers = { 'x-forwarded-for': '203.0.113.66' };
      const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
      await once(socket, 'open');
      await once(socket, 'close');
    });
    await watch(flood);
  });

  test('WebSockets with wrong credentials, as large as they may be', async () => {
    const flood = times(MANY, async (n) => {
      const namespace = n % 2 ? '/client' : '/agent';
      const auth = n % 2 ? { token: 'x'.repeat(8_000) } : { api_key: `amk_${n}_${'A'.repeat(43)}` };
      const socket = openTestSocket(n % 4 < 2 ? 'ws' : 'socket.io', url, namespace, auth);
      const { code } = await socket.refused();
      socket.close();
      return code;
    });
    await watch(flood);
    // So many at once are sent away, to come back later.
    for (const code of await flood) expect(['unauthorized', 'unavailable']).toContain(code);
  });

  test.each([
    ['Socket.IO', '/socket.io/?EIO=4&transport=websocket', '40/client,'],
    ['plain WebSocket', '/client/connect', ''],
  ])('frames of strangers as large as a frame can be: %s', async (_name, path, prefix) => {
    const frame = prefix + nested(1_000_000);
    const flood = times(MANY / 4, async () => {
      const headers = { 'x-forwarded-for': '203.0.113.66' };
      const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
      await once(socket, 'open');
      socket.send(frame);
      await once(socket, 'close');
    });
    await watch(flood);
  });
});

test('nothing is left of it: no process ended, no connection is open, no memory is held, no error was logged', async () => {
  expect(stack.pids()).toEqual(before.pids);
  const descriptors = () => metricOf(gateway, 'process_open_fds');
  await waitFor(async () => (await descriptors()) < before.descriptors + 50, {
    timeoutMs: PATIENCE_MS,
    describe: 'the descriptors of what was cut',
  });
  const held = (await heldBytes({ stack }, gateway)) - before.held;
  process.stderr.write(`the gateway holds ${(held / MIB).toFixed(1)} MiB more than before\n`);
  expect(held).toBeLessThan(GROWTH_BYTES);
  expect(stack.logs(gateway.name)).not.toMatch(/"level":[56]0/);
});
