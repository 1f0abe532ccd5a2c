import { routes, type RouteContract } from '@agent-messenger/contracts';
import { connect } from 'node:net';
import { targetOf } from '../call-route';
import type { Scene } from '../scene';
import { rightInput } from './knock-rest';
import { mutatedBytes } from './mutations';
import type { BytesProbe } from './probe';

const WITHIN_MS = 15_000;

/** Bytes on a connection of their own: they must be answered, or the connection closed. */
export async function knockBytes(url: string, probe: BytesProbe, scene: Scene): Promise<string> {
  const request =
    probe.name === 'upgrade'
      ? Buffer.concat([upgrade(probe.bytes.length), frames(probe)])
      : mutatedBytes(await requestOf(probe.name, url, scene), probe.bytes);
  const answer = await exchange(url, request);
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'closed';
  if (status.startsWith('5')) throw new Error(`${status}: ${request.toString('latin1')}`);
  return status;
}

/** In the form of the contract, then changed. */
async function requestOf(
  name: Exclude<BytesProbe['name'], 'upgrade'>,
  url: string,
  scene: Scene,
): Promise<Buffer> {
  const { method }: RouteContract = routes[name];
  const input = await rightInput(name, scene, url);
  const body = input.body === undefined ? '' : JSON.stringify(input.body);
  return Buffer.from(
    [
      `${method.toUpperCase()} ${targetOf(name, input)} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      `Authorization: Bearer ${scene.person.token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

/** To one of the two kinds of WebSockets. */
function upgrade(which: number): Buffer {
  const path = which % 2 ? '/client/connect' : '/socket.io/?EIO=4&transport=websocket';
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
}

/** Bytes that begin as frames do, with whatever opcode, length and mask. */
function frames({ bytes, frames: some }: BytesProbe): Buffer {
  return mutatedBytes(Buffer.from(some), bytes);
}

function exchange(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`not closed within ${WITHIN_MS} ms: ${bytes.toString('latin1')}`));
    }, WITHIN_MS);
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    // Half a connection: nothing more comes, an answer may.
    socket.end(bytes);
  });
}
