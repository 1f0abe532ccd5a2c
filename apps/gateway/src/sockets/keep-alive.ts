import { LIMITS } from '@agent-messenger/contracts';
import type { WebSocket } from 'ws';

interface KeepAliveOptions {
  /** How long a pong may take, ms. */
  pongTimeoutMs: number;
  /** Called before the peer is cut. */
  onSilent(): void;
}

/** Pings every 30 s and cuts a peer that does not answer in time. */
export function keepAlive(socket: WebSocket, { pongTimeoutMs, onSilent }: KeepAliveOptions): void {
  let overdue: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    socket.ping();
    overdue ??= setTimeout(() => {
      onSilent();
      socket.terminate();
    }, pongTimeoutMs);
  }, LIMITS.pingIntervalMs);
  socket.on('pong', () => {
    clearTimeout(overdue);
    overdue = undefined;
  });
  socket.once('close', () => {
    clearInterval(timer);
    clearTimeout(overdue);
  });
}
