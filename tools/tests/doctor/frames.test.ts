import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { Frames } from '../../src/admin/doctor/proxy/frames';

/** Answers each handshake with a frame and the end, all in one piece. */
async function startHasty(frame: string): Promise<string> {
  const webSockets = new WebSocketServer({ noServer: true });
  const server = createServer().on('upgrade', (request, tcp, head) => {
    tcp.cork();
    webSockets.handleUpgrade(request, tcp, head, (socket) => {
      socket.send(frame);
      socket.close(4401, 'unauthorized');
    });
    tcp.uncork();
  });
  server.listen(0, '127.0.0.1');
  close = async () => {
    server.close();
    await once(server, 'close');
  };
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let close: () => Promise<void>;
afterEach(() => close());

test('who answers and ends at once is heard all the same', async () => {
  const frames = new Frames(await startHasty('{"code":"unauthorized"}'), '/client/connect');
  await frames.opened();
  await expect(frames.first('unauthorized')).resolves.toBe('{"code":"unauthorized"}');
  await expect(frames.first('synced')).rejects.toThrow('closed with 4401');
  frames.close();
});
