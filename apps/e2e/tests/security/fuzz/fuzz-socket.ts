import type { Transport } from '@agent-messenger/testkit';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { judge } from './judge';

const WITHIN_MS = 15_000;
const PATHS = {
  'socket.io': () => '/socket.io/?EIO=4&transport=websocket',
  ws: (namespace: string) => `${namespace}/connect`,
};

/** Closes that no peer brings about: cut off without a word, a server's own failure, `internal`, `unavailable`. */
const FAILED = [1006, 1011, 4500, 4503];

export type Frame = string | Buffer;

interface Told {
  ok: boolean;
  error?: { code: string };
}

/** A connection on which any frame can be sent; by itself it says nothing. */
export class FuzzSocket {
  closeCode: number | undefined;
  private readonly frames: string[] = [];
  private wake: (() => void) | undefined;

  private constructor(
    private readonly socket: WebSocket,
    private readonly transport: Transport,
    private readonly namespace: '/client' | '/agent',
  ) {
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text === '2') socket.send('3');
      else this.frames.push(text);
      this.wake?.();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.wake?.();
    });
    socket.on('error', () => undefined);
  }

  static async open(
    url: string,
    transport: Transport,
    namespace: '/client' | '/agent',
  ): Promise<FuzzSocket> {
    const socket = new WebSocket(url.replace('http', 'ws') + PATHS[transport](namespace));
    const opened = new FuzzSocket(socket, transport, namespace);
    await once(socket, 'open');
    return opened;
  }

  /** Connected as this identity. */
  static async connected(
    url: string,
    transport: Transport,
    { id, token }: { id: string; token: string },
  ): Promise<FuzzSocket> {
    const namespace = id.startsWith('agt_') ? '/agent' : '/client';
    const socket = await FuzzSocket.open(url, transport, namespace);
    socket.send(socket.credentials({ token }));
    const outcome = await socket.until((frame) => frame.includes('"synced"'));
    if (outcome === undefined) throw new Error(`not connected: ${socket.closeCode}`);
    return socket;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  credentials(auth: unknown): string {
    return this.transport === 'ws'
      ? JSON.stringify({ type: 'auth', data: auth })
      : `40${this.namespace},${JSON.stringify(auth) ?? ''}`;
  }

  request(id: number, name: string, payload: unknown, further: readonly unknown[] = []): string {
    if (this.transport === 'ws') return JSON.stringify({ type: name, data: payload, id });
    return `42${this.namespace},${id}${JSON.stringify([name, payload, ...further])}`;
  }

  /** A text frame with these bytes, valid or not, or a binary one. */
  send(frame: Frame, { binary = false } = {}): void {
    this.socket.send(Buffer.from(frame), { binary });
  }

  /** The answer to the request of this id; undefined when the connection was closed instead. */
  async answer(id: number): Promise<Told | undefined> {
    const start = `43${this.namespace},${id}[`;
    const frame = await this.until((text) =>
      this.transport === 'ws'
        ? text.startsWith(`{"type":"ack","id":${id},`)
        : text.startsWith(start),
    );
    if (frame === undefined) return undefined;
    if (this.transport === 'ws') return (JSON.parse(frame) as { data: Told }).data;
    return (JSON.parse(frame.slice(start.length - 1)) as [Told])[0];
  }

  /**
   * The first frame that fits; undefined when the connection was closed instead.
   * @throws Error when nothing happens, or what comes before it should not
   */
  async until(fits: (frame: string) => boolean): Promise<string | undefined> {
    const deadline = AbortSignal.timeout(WITHIN_MS);
    for (;;) {
      const index = this.frames.findIndex(fits);
      if (index >= 0 || this.closeCode !== undefined) {
        const heard = this.frames.splice(0, index >= 0 ? index + 1 : this.frames.length);
        heard.forEach(judge);
        if (index < 0 && FAILED.includes(this.closeCode ?? 0)) {
          throw new Error(`closed ${this.closeCode}`);
        }
        return index >= 0 ? heard.at(-1) : undefined;
      }
      if (deadline.aborted) throw new Error(`nothing within ${WITHIN_MS} ms`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  close(): void {
    this.socket.terminate();
  }
}
