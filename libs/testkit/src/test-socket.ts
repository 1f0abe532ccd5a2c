import type { ClientToServer, ServerToClient } from '@agent-messenger/contracts';
import { io, type Socket } from 'socket.io-client';
import { TestSocketBase, type Refusal } from './test-socket-base';
import { waitFor } from './wait-for';

export interface TestSocketOptions {
  /** `?token=` instead of the handshake payload. */
  query?: Record<string, string>;
}

/** A bare Socket.IO client. */
export class TestSocket extends TestSocketBase {
  readonly socket: Socket<ServerToClient, ClientToServer>;

  constructor(
    url: string,
    namespace: '/client' | '/agent',
    auth: Record<string, unknown>,
    { query = {} }: TestSocketOptions = {},
  ) {
    super();
    const { origin, pathname } = new URL(url);
    this.socket = io(origin + namespace, {
      path: `${pathname.replace(/\/$/, '')}/socket.io/`,
      // As the SDK does; a handshake without credentials stays one.
      auth: Object.keys(auth).length === 0 ? auth : { ...auth, retry_hints: 1 },
      query,
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    this.socket.onAny((name: string, payload: unknown) => this.keep(name, payload));
  }

  /** Rejects with the connect_error. */
  async synced(): Promise<this> {
    let refusal: Error | undefined;
    this.socket.once('connect_error', (error) => (refusal = error));
    await waitFor(() => refusal ?? this.all('synced')[0], { describe: 'synced', intervalMs: 5 });
    if (refusal) throw refusal;
    return this;
  }

  /** The `data` of the connect_error. */
  async refused(): Promise<Refusal> {
    return new Promise((resolve, reject) => {
      this.socket.once('connect_error', (error) =>
        resolve((error as Error & { data: never }).data),
      );
      this.socket.once('connect', () => reject(new Error('it was not refused')));
    });
  }

  raw(name: string, ...payload: unknown[]): Promise<unknown> {
    return this.socket.timeout(30_000).emitWithAck(name as 'read', ...(payload as [never]));
  }

  async disconnected(): Promise<string> {
    if (this.socket.disconnected) return 'already';
    return new Promise((resolve) => this.socket.once('disconnect', resolve));
  }

  close(): void {
    this.socket.close();
  }
}
