import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { textFrames } from './text-frames';

const texts = [
  ...[0, 1, 125, 126, 127, 65_535, 65_536, 200_000].map((size) => 'x'.repeat(size)),
  ...['é'.repeat(62), 'é'.repeat(63), 'é'.repeat(32_768), 'the last one'],
];

test('the frames of texts of all sizes are read as these texts', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (_peer, { socket }) => socket.write(textFrames(texts)));
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const heard: string[] = [];
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('message', (data: Buffer) => {
      heard.push(data.toString());
      if (heard.length === texts.length) resolve();
    });
  });
  client.terminate();
  server.close();
  expect(heard).toEqual(texts);
});
