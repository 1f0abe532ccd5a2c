import { WebSocket } from 'ws';
import { TestSocketBase, type Refusal } from './test-socket-base';
import type { TestSocketOptions } from './test-socket';
import { waitFor } from './wait-for';

interface Frame {
  type: string;
  data: unknown;
  id?: string | number;
}

/** A bare client on a plain WebSocket. */
export class TestSocketPlain extends TestSocketBase {
  readonly socket: WebSocket;
  /** Frames `error`: what the server says without having been asked. */
  readonly errors: (Refusal & { message: string })[] = [];
  /** The WebSocket's close code and reason, once it is closed. */
  closed: { code: number; reason: string } | undefined;
  private readonly answers = new Map<string | number, unknown>();
  private requests = 0;

  /** @param auth the first frame's payload; an empty one is not sent */
  constructor(
    url: string,
    namespace: '/client' | '/agent',
    auth: Record<string, unknown>,
    { query = {} }: TestSocketOptions = {},
  ) {
    super();
    const target = new URL(`${url}${namespace}/connect?${new URLSearchParams(query).toString()}`);
    target.protocol = target.protocol.replace('http', 'ws');
    this.socket = new WebSocket(target);
    if (Object.keys(auth).length > 0) {
      this.socket.on('open', () => this.write({ type: 'auth', data: auth }));
    }
    this.socket.on('message', (data: Buffer) => this.receive(JSON.parse(data.toString()) as Frame));
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    // `close` follows, and says what it was.
    this.socket.on('error', () => undefined);
  }

  /** Rejects with the error frame or the close. */
  async synced(): Promise<this> {
    await waitFor(() => this.all('synced').length > 0 || this.closed, { intervalMs: 5 });
    if (this.all('synced').length === 0) throw new Error(this.describeEnd());
    return this;
  }

  /** The error frame, after which the connection was closed. */
  async refused(): Promise<Refusal> {
    await waitFor(() => this.closed ?? this.all('connected')[0], { intervalMs: 5 });
    const [error] = this.errors;
    if (this.all('connected').length > 0 || !error) throw new Error('it was not refused');
    const { code, retry_after_ms } = error;
    return { code, ...(retry_after_ms !== undefined && { retry_after_ms }) };
  }

  async raw(name: string, ...[data]: unknown[]): Promise<unknown> {
    this.requests += 1;
    const id = this.requests;
    this.write({ type: name, data, id });
    await waitFor(() => this.answers.has(id), { describe: `the answer to ${name}`, intervalMs: 5 });
    return this.answers.get(id);
  }

  /** The close code. */
  async disconnected(): Promise<string> {
    const { code } = await waitFor(() => this.closed, { intervalMs: 5 });
    return String(code);
  }

  close(): void {
    this.socket.close();
  }

  private write(frame: Frame): void {
    this.socket.send(JSON.stringify(frame));
  }

  private receive({ type, data, id }: Frame): void {
    if (type === 'error') this.errors.push(data as (typeof this.errors)[number]);
    else if (type === 'ack' && id !== undefined) this.answers.set(id, data);
    else this.keep(type, data);
  }

  private describeEnd(): string {
    const { code, reason } = this.closed ?? { code: 0, reason: 'open' };
    return [`closed ${code} ${reason}`, ...this.errors.map(({ message }) => message)].join(': ');
  }
}
