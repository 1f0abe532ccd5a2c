import type { Problem } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import type { ClientOptions } from 'ws';
import { WebSocket } from 'ws';
import type { TestGateway } from './harness';

/** Frames by hand, for what no client library would send. */
export class RawSocket {
  readonly frames: string[] = [];
  closeCode: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => void this.frames.push(data.toString()));
    socket.on('close', (code) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  /** An Engine.IO connection. */
  static open(gateway: TestGateway): Promise<RawSocket> {
    return RawSocket.connect(gateway, '/socket.io/?EIO=4&transport=websocket');
  }

  /** A WebSocket at this path. */
  static async connect(
    { url }: TestGateway,
    path: string,
    { protocols = [], ...options }: ClientOptions & { protocols?: string[] } = {},
  ): Promise<RawSocket> {
    const raw = new RawSocket(new WebSocket(url.replace('http', 'ws') + path, protocols, options));
    await once(raw.socket, 'open');
    return raw;
  }

  /** What is answered to an upgrade that is not made. */
  static async refused(
    { url }: TestGateway,
    path: string,
    options: ClientOptions = {},
  ): Promise<{ status: number; headers: IncomingHttpHeaders; problem: Problem }> {
    const socket = new WebSocket(url.replace('http', 'ws') + path, options);
    socket.on('error', () => undefined);
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      problem: (await json(answer)) as Problem,
    };
  }

  /** A connection to /client after `synced`. */
  static async person(gateway: TestGateway, token: string): Promise<RawSocket> {
    const raw = await RawSocket.open(gateway);
    raw.send(`40/client,${JSON.stringify({ token })}`);
    await raw.frame((text) => text.includes('"synced"'));
    return raw;
  }

  /** A plain connection to /client after `synced`. */
  static async plainPerson(gateway: TestGateway, token: string): Promise<RawSocket> {
    const raw = await RawSocket.connect(gateway, `/client/connect?token=${token}`);
    await raw.frame((text) => text.includes('"synced"'));
    return raw;
  }

  send(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** A text frame with these bytes, valid or not. */
  sendText(bytes: Buffer): void {
    this.socket.send(bytes, { binary: false });
  }

  /** The first frame that fits, now or later. @throws Error when the connection is closed without one */
  async frame(fits: (text: string) => boolean): Promise<string> {
    const found = () => this.frames.find(fits);
    await waitFor(() => found() ?? this.closeCode, { intervalMs: 5 });
    const frame = found();
    if (frame !== undefined) return frame;
    throw new Error(`closed with ${this.closeCode} after ${this.frames.join('\n')}`);
  }

  /** The WebSocket's close code. */
  async closed(): Promise<number> {
    await waitFor(() => this.closeCode !== undefined, { intervalMs: 5 });
    return this.closeCode ?? 0;
  }

  /** Reads nothing any more: what the gateway sends stays in buffers. */
  stopReading(): Socket {
    const { _socket: socket } = this.socket as unknown as { _socket: Socket };
    socket.pause();
    return socket;
  }
}
