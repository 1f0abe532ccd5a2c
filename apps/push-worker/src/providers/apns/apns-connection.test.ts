import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { ApnsConnection } from './apns-connection';

let server: Http2Server;
beforeEach(() => {
  server = createServer();
  // Intervals alone: sockets and deadlines go on as they do.
  jest.useFakeTimers({
    doNotFake: [
      'Date',
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setTimeout',
      'clearTimeout',
    ],
  });
});
afterEach(async () => {
  jest.useRealTimers();
  await new Promise((resolve) => server.close(resolve));
});

test('a connection that was reset is not pinged', async () => {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  server.on('sessionError', () => undefined);
  server.on('stream', () => sockets.forEach((socket) => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = new ApnsConnection({
    origin: `http://127.0.0.1:${port}`,
    deadlineMs: 60_000,
    onSilence: () => undefined,
  });
  const request = { path: '/3/device/a', method: 'POST', headers: {}, body: '{}' };
  await expect(connection.request(request)).rejects.toMatchObject({
    verdict: { outcome: 'down', reason: 'connection' },
  });
  // In the worker an exception of this timer would be nobody's, and end the process.
  expect(() => jest.runOnlyPendingTimers()).not.toThrow();
  await connection.close();
});
