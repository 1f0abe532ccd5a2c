import { openTestSocket, rest, waitFor, type TestSocketBase } from '@agent-messenger/testkit';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { heldBytes, INSPECTED } from '../reliability/memory';
import { gatewaysOf, metricOf, startReliability, type Reliability } from '../reliability/setup';

const HEADERS_MS = 1_000;
const REQUEST_MS = 2_000;
const IDLE_MS = 3_000;
/** Longer than a check of what is overdue takes to come round, on a machine that is busy with the flood itself. */
const LENIENCE_MS = 5_000;
/** How long anybody else may wait for an answer meanwhile. */
const WORST_MS = 5_000;
/** Connections of one flood. */
const MANY = 200;
const MIB = 1024 * 1024;
const GROWTH_BYTES = 30 * MIB;

let system: Reliability;
let url: string;
let witness: { person: TestSocketBase; agent: TestSocketBase; conversation: string; token: string };
let before: { pids: Record<string, number>; held: number; descriptors: number };

beforeAll(async () => {
  system = await startReliability({
    gateways: 2,
    env: {
      gateway: {
        ...INSPECTED,
        HTTP_HEADERS_TIMEOUT_MS: `${HEADERS_MS}`,
        HTTP_REQUEST_TIMEOUT_MS: `${REQUEST_MS}`,
        HTTP_IDLE_TIMEOUT_MS: `${IDLE_MS}`,
      },
    },
  });
  const [gateway] = gatewaysOf(system);
  url = gateway.url;
  const { person, agent, conversation } = await system.pair();
  witness = {
    person: await openTestSocket('socket.io', url, '/client', { token: person.token }).synced(),
    agent: await openTestSocket('ws', url, '/agent', { token: agent.token }).synced(),
    conversation,
    token: person.token,
  };
  before = {
    pids: system.stack.pids(),
    held: await heldBytes(system, gateway),
    descriptors: await metricOf(gateway, 'process_open_fds'),
  };
}, 60_000);
afterAll(async () => {
  witness.person.close();
  witness.agent.close();
  await system.stop();
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
    const { status } = await rest(url, 'GET', '/conversations', { bearer: witness.token });
    expect(status).toBe(200);
    worst = Math.max(worst, performance.now() - from);
    rounds += 1;
    await delay(20);
  } while (!isOver);
  await over;
  process.stderr.write(`${rounds} rounds beside it, the longest ${worst.toFixed(0)} ms\n`);
  expect(rounds).toBeGreaterThan(1);
  expect(worst).toBeLessThan(WORST_MS);
}

/** A TCP connection and all that came over it. */
class Wire {
  text = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (data: Buffer) => (this.text += data.toString('latin1')));
    // Being cut is what they are for.
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  static async open(): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const wire = new Wire(connect({ host: hostname, port: Number(port) }));
    await once(wire.socket, 'connect');
    return wire;
  }

  async closed(): Promise<void> {
    await waitFor(() => this.isClosed, { timeoutMs: IDLE_MS + 2 * LENIENCE_MS });
  }
}

function times<T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => work(n)));
}

/** Sends it at once. @returns the status of the answer, and 0 when it is cut without one */
async function send(request: string): Promise<number> {
  const wire = await Wire.open();
  wire.socket.write(request);
  await waitFor(() => wire.isClosed || wire.text.includes('\r\n\r\n'), { timeoutMs: 15_000 });
  wire.socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(wire.text)?.[1] ?? 0);
}

/** Sends a beginning, then one more piece every few milliseconds. @returns ms until it was cut */
async function drip(begin: string, piece = 'x'): Promise<number> {
  const wire = await Wire.open();
  const from = performance.now();
  wire.socket.write(begin);
  const timer = setInterval(() => wire.socket.write(piece), 50);
  await wire.closed().finally(() => clearInterval(timer));
  expect(wire.text).not.toMatch(/^HTTP\/1\.1 [25]/);
  return performance.now() - from;
}

const GET = 'GET /health HTTP/1.1\r\nHost: x\r\n';
const LOGIN = 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const withBody = (body: string) => `${LOGIN}Content-Length: ${body.length}\r\n\r\n${body}`;

describe('others are served meanwhile', () => {
  test.each<[string, () => string, number[]]>([
    ['many headers', () => `${GET}${'X-Small: xxxxxxxx\r\n'.repeat(1_100)}\r\n`, [431]],
    ['huge headers', () => `${GET}X-Large: ${'x'.repeat(100_000)}\r\n\r\n`, [431]],
    ['a huge URL', () => `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, [431]],
    ['a body beyond the bound', () => withBody(JSON.stringify('x'.repeat(600_000))), [413]],
    ['deep JSON', () => withBody('['.repeat(250_000) + ']'.repeat(250_000)), [400]],
    ['wide JSON', () => withBody(`[${'0,'.repeat(250_000)}0]`), [400]],
    ['long strings', () => withBody(JSON.stringify({ username: 'x'.repeat(500_000) })), [400]],
    ['no HTTP', () => 'x'.repeat(10_000), [400]],
  ])('%s', async (_what, request, expected) => {
    const flood = times(MANY, () => send(request()));
    await watch(flood);
    // A peer that is cut in the middle of what it sends may never see the answer.
    expect(new Set([...(await flood), 0])).toEqual(new Set([...expected, 0]));
  });

  test.each([
    ['headers that never end', `${GET}X-Slow: `, HEADERS_MS],
    ['a request line that never ends', 'GET /', HEADERS_MS],
    ['bodies that never end', `${LOGIN}Content-Length: 500000\r\n\r\n{"`, REQUEST_MS],
  ])('%s', async (_what, begin, timeoutMs) => {
    const flood = times(MANY, () => drip(begin));
    await watch(flood);
    for (const ms of await flood) {
      expect(ms).toBeGreaterThan(timeoutMs - 200);
      expect(ms).toBeLessThan(timeoutMs + LENIENCE_MS);
    }
  });

  test('chunks that never end', async () => {
    const begin = `${LOGIN}Transfer-Encoding: chunked\r\n\r\n`;
    const flood = times(MANY, () => drip(begin, '1\r\nx\r\n'));
    await watch(flood);
    for (const ms of await flood) expect(ms).toBeLessThan(REQUEST_MS + LENIENCE_MS);
  });

  test('connections that say nothing', async () => {
    const flood = times(1_000, async () => {
      const wire = await Wire.open();
      await wire.closed();
    });
    await watch(flood);
  });

  test('requests whose answers nobody takes', async () => {
    const flood = times(20, async () => {
      const wire = await Wire.open();
      wire.socket.pause();
      wire.socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(300));
      // A paused socket does not hear that it was cut.
      await delay(IDLE_MS + REQUEST_MS);
      wire.socket.resume();
      await wire.closed();
    });
    await watch(flood);
  });

  test.each([
    ['Socket.IO', '/socket.io/?EIO=4&transport=websocket'],
    ['plain WebSocket', '/client/connect'],
  ])('WebSockets that never say who they are: %s', async (_name, path) => {
    const flood = times(MANY, async () => {
      const socket = new WebSocket(url.replace('http', 'ws') + path);
      await once(socket, 'open');
      await once(socket, 'close');
    });
    await watch(flood);
  });

  test('WebSockets with wrong credentials', async () => {
    const flood = times(MANY, async (n) => {
      const namespace = n % 2 ? '/client' : '/agent';
      const auth = n % 2 ? { token: 'x'.repeat(8_000) } : { api_key: `amk_${n}_${'A'.repeat(43)}` };
      const socket = openTestSocket(n % 4 < 2 ? 'ws' : 'socket.io', url, namespace, auth);
      const { code } = await socket.refused();
      socket.close();
      return code;
    });
    await watch(flood);
    expect(new Set(await flood)).toEqual(new Set(['unauthorized']));
  });
});

test('nothing is left of it: no process ended, no connection is open, no memory is held, no error was logged', async () => {
  const [gateway] = gatewaysOf(system);
  expect(system.stack.pids()).toEqual(before.pids);
  const descriptors = () => metricOf(gateway, 'process_open_fds');
  await waitFor(async () => (await descriptors()) < before.descriptors + 50, {
    timeoutMs: 15_000,
    describe: 'the descriptors of what was cut',
  });
  const held = (await heldBytes(system, gateway)) - before.held;
  process.stderr.write(`the gateway holds ${(held / MIB).toFixed(1)} MiB more than before\n`);
  expect(held).toBeLessThan(GROWTH_BYTES);
  expect(system.stack.logs(gateway.name)).not.toMatch(/"level":[56]0/);
});
