import { routes, type RouteContract } from '@agent-messenger/contracts';
import { once } from 'node:events';
import { connect } from 'node:net';
import { targetOf } from '../call-route';
import type { Scene } from '../scene';
import { judge, type Knock } from './judge';
import { rightInput } from './knock-rest';
import { mutatedBytes } from './mutations';
import type { BytesProbe, FrameOfBytes } from './probe';

const WITHIN_MS = 15_000;

/** Bytes on a connection of their own: they must be answered, or the connection closed. */
export async function knockBytes(url: string, probe: BytesProbe, scene: Scene): Promise<Knock> {
  const right = probe.name === 'upgrade' ? upgrade(probe) : await requestOf(probe.name, url, scene);
  const sent =
    probe.frame === undefined
      ? mutatedBytes(right, probe.bytes)
      : Buffer.concat([right, mutatedBytes(frameOf(probe.frame), probe.bytes)]);
  const isMalformed = probe.isReset || !sent.equals(right);
  if (probe.isReset) return { outcome: await reset(url, sent), isMalformed };
  const answer = await exchange(url, sent);
  judge(answer);
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status = '']) => status);
  if (statuses.some((status) => status.startsWith('5'))) throw new Error(answer.slice(0, 500));
  return { outcome: statuses[0] ?? 'closed', isMalformed };
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
function upgrade({ transport }: BytesProbe): Buffer {
  const path = transport === 'ws' ? '/client/connect' : '/socket.io/?EIO=4&transport=websocket';
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
}

/** A frame as a client sends it, of whatever opcode and flags. The mask is zero: it changes nothing. */
function frameOf({ first, payload }: FrameOfBytes): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** The same bytes twice, so that a request is under way when the next one and the reset come. */
async function reset(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise<unknown>((resolve) => socket.write(Buffer.concat([bytes, bytes]), resolve));
  socket.resetAndDestroy();
  return 'reset';
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
