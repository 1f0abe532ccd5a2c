import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startFaultProxy, type FaultProxy } from './fault-proxy';
import { waitFor } from './wait-for';

let server: Server;
let accepted: Socket[];
let proxy: FaultProxy;
const opened: Socket[] = [];

beforeEach(async () => {
  accepted = [];
  // Echoes what it reads, and its own end after that.
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startFaultProxy({ target: (server.address() as AddressInfo).port });
});
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await proxy.close();
  server.close();
});

/** A connection through the proxy, with what it has read. */
async function open(): Promise<{ socket: Socket; read: () => string; closed: Promise<unknown> }> {
  const socket = connect(proxy.port, '127.0.0.1');
  opened.push(socket);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, read: () => text, closed };
}

async function echoed(text: string): Promise<Awaited<ReturnType<typeof open>>> {
  const one = await open();
  one.socket.write(text);
  await waitFor(() => one.read() === text);
  return one;
}

test('forwards both ways, and the end of both sides', async () => {
  const { socket, closed } = await echoed('hello');
  socket.end();
  await closed;
});

test('forwards much, byte for byte', async () => {
  const text = Array.from({ length: 400_000 }, (_, index) => index).join(' ');
  await echoed(text);
});

test('latency delays both ways and keeps the order', async () => {
  const { socket, read } = await echoed('0');
  proxy.latency(60);
  const begun = performance.now();
  socket.write('1');
  setTimeout(() => socket.write('2'), 10);
  await waitFor(() => read() === '012', { intervalMs: 2 });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(119);

  // Longer than is waited for.
  proxy.latency(60_000);
  proxy.latency(0);
  socket.write('3');
  await waitFor(() => read() === '0123', { intervalMs: 2 });
});

test('a cut ends what is open and what is opened, until it is healed', async () => {
  const before = await echoed('before');
  proxy.cut();
  await before.closed;
  expect((await open().catch(() => null))?.read() ?? '').toBe('');
  await waitFor(() => accepted.every(({ closed }) => closed));

  proxy.heal();
  await echoed('after');
});

test('half-open keeps connections, forwards nothing, and goes on after that', async () => {
  const before = await echoed('a');
  proxy.halfOpen();
  before.socket.write('b');
  const during = await open();
  during.socket.write('c');
  // A later exchange on a healthy way to the same server arrives first.
  const direct = connect((server.address() as AddressInfo).port, '127.0.0.1');
  opened.push(direct);
  direct.write('d');
  await once(direct, 'data');
  expect([before.read(), during.read()]).toEqual(['a', '']);

  proxy.heal();
  await waitFor(() => before.read() === 'ab' && during.read() === 'c');
});

test('half-open hides the death of one side from the other', async () => {
  const { socket, closed } = await echoed('a');
  let gone = false;
  void closed.then(() => (gone = true));
  proxy.halfOpen();
  accepted[0]?.resetAndDestroy();
  const direct = connect((server.address() as AddressInfo).port, '127.0.0.1');
  opened.push(direct);
  direct.write('d');
  await once(direct, 'data');
  expect([gone, socket.destroyed]).toEqual([false, false]);

  proxy.heal();
  await closed;
});

test('a reader that is held back slows the writer down', async () => {
  const { socket } = await echoed('a');
  proxy.halfOpen();
  const chunk = Buffer.alloc(1024 * 1024);
  await waitFor(() => !socket.write(chunk) && socket.writableLength > 8 * chunk.length);
  proxy.heal();
  await once(socket, 'drain');
});
