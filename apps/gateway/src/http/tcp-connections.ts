import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '@agent-messenger/service-kit';

interface TcpBounds {
  /** Open at once, of one address and in all, those that have become WebSockets not counted. */
  perAddress: number;
  total: number;
  /** Proxies have connections for many: theirs are bounded in all only. */
  isProxy(address: string): boolean;
}

interface OfAddress {
  open: number;
  /** Nothing is asked on these, those first that have been idle for longest. */
  idle: Set<Socket>;
}

/**
 * The TCP connections on which HTTP is spoken, or nothing yet: when there are too many, the one of them that has been
 * idle for longest gives way to a new one; without an idle one the new one is closed.
 */
export class TcpConnections {
  private readonly byAddress = new Map<string, OfAddress>();
  private readonly idle = new Set<Socket>();
  private readonly keys = new WeakMap<Socket, string>();
  private readonly ends = new WeakMap<Socket, () => void>();
  private open = 0;

  constructor(private readonly bounds: TcpBounds) {}

  watch(http: Server): void {
    http.prependListener('connection', (socket: Socket) => this.opened(socket));
    const asked = new WeakMap<Socket, number>();
    http.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      asked.set(socket, (asked.get(socket) ?? 0) + 1);
      this.setIdle(socket, false);
      response.once('close', () => {
        const left = (asked.get(socket) ?? 1) - 1;
        asked.set(socket, left);
        if (left === 0) this.setIdle(socket, true);
      });
    });
    // It is a WebSocket's from now on, or ends.
    http.prependListener('upgrade', ({ socket }: IncomingMessage) => {
      this.forget(socket);
      const end = this.ends.get(socket);
      if (end) socket.off('close', end);
      this.ends.delete(socket);
    });
  }

  private opened(socket: Socket): void {
    const { perAddress, total, isProxy } = this.bounds;
    const address = socket.remoteAddress ?? '';
    const key = networkOf(address);
    const own = this.byAddress.get(key) ?? { open: 0, idle: new Set<Socket>() };
    const isFull = this.open >= total;
    if (isFull || (own.open >= perAddress && !isProxy(address))) {
      const [oldest] = isFull ? this.idle : own.idle;
      if (!oldest) return void socket.destroy();
      this.forget(oldest);
      oldest.destroy();
    }
    this.byAddress.set(key, own);
    this.keys.set(socket, key);
    own.open += 1;
    this.open += 1;
    this.setIdle(socket, true);
    const end = () => this.forget(socket);
    this.ends.set(socket, end);
    socket.on('close', end);
  }

  private setIdle(socket: Socket, isIdle: boolean): void {
    const key = this.keys.get(socket);
    const own = key === undefined ? undefined : this.byAddress.get(key);
    for (const idle of [this.idle, ...(own ? [own.idle] : [])]) {
      idle.delete(socket);
      if (isIdle && own) idle.add(socket);
    }
  }

  private forget(socket: Socket): void {
    const key = this.keys.get(socket);
    const own = key === undefined ? undefined : this.byAddress.get(key);
    if (key === undefined || !own) return;
    this.setIdle(socket, false);
    this.keys.delete(socket);
    own.open -= 1;
    this.open -= 1;
    if (own.open === 0) this.byAddress.delete(key);
  }
}
