import { LIMITS } from '@agent-messenger/contracts';
import type { WebSocket } from 'ws';

/** A peer that has more than this unread gets no more pongs: pings without reading would fill the memory. */
const PONGS_UP_TO_BYTES = 8 * 1024 * 1024;

/**
 * Pings every 30 s and cuts a peer that does not answer within 10 s; answers the peer's own pings.
 * @param onSilent called before it is cut
 */
export function keepAlive(socket: WebSocket, onSilent: () => void): void {
  let overdue: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    socket.ping();
    overdue ??= setTimeout(() => {
      onSilent();
      socket.terminate();
    }, LIMITS.pingTimeoutMs);
  }, LIMITS.pingIntervalMs);
  socket.on('pong', () => {
    clearTimeout(overdue);
    overdue = undefined;
  });
  socket.on('ping', (data) => {
    if (socket.bufferedAmount <= PONGS_UP_TO_BYTES) socket.pong(data);
  });
  socket.once('close', () => {
    clearInterval(timer);
    clearTimeout(overdue);
  });
}
