import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitFor } from './wait-for';

/** For what never comes: as `waitFor`. */
const PATIENCE_MS = 30_000;

/** A TCP connection and all that came over it, for what no HTTP client would send. Errors of it count as its end. */
export class Wire {
  text = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (data: Buffer) => (this.text += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  static async open(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const wire = new Wire(connect({ host: hostname, port: Number(port) }));
    await once(wire.socket, 'connect');
    return wire;
  }

  /**
   * One request on a connection of its own.
   * @returns the answer as far as it came with its head, or what came until it was cut
   */
  static async exchange(
    url: string,
    request: string | Buffer,
    { timeoutMs = PATIENCE_MS } = {},
  ): Promise<string> {
    const wire = await Wire.open(url);
    wire.socket.write(request);
    await waitFor(() => wire.isClosed || wire.text.includes('\r\n\r\n'), {
      timeoutMs,
      intervalMs: 5,
    });
    wire.socket.destroy();
    return wire.text;
  }

  /** Sends the text, then one more piece after the other until the peer has had enough. @returns ms until then */
  async drip(
    text: string,
    { piece = 'x', everyMs = 20, timeoutMs = PATIENCE_MS } = {},
  ): Promise<number> {
    const from = performance.now();
    this.socket.write(text);
    const timer = setInterval(() => this.socket.write(piece), everyMs);
    await this.closed(timeoutMs).finally(() => clearInterval(timer));
    return performance.now() - from;
  }

  async closed(timeoutMs = PATIENCE_MS): Promise<void> {
    await waitFor(() => this.isClosed, { timeoutMs, intervalMs: 5 });
  }
}
