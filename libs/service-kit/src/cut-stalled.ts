import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Ends a connection whose client takes nothing of an answer for so long. Node's own time for that begins anew with all
 * that the client sends meanwhile: with an empty line now and then, answers that nobody takes would keep their
 * connections for ever.
 */
export function cutStalled(response: ServerResponse, socket: Socket, stallMs: number): void {
  let before = '';
  const timer = setInterval(() => {
    const left = unsent(socket);
    const now = `${left} ${socket.bytesWritten}`;
    // What is not made yet, nobody can take.
    if (left > 0 && now === before) socket.destroy();
    before = now;
  }, stallMs);
  timer.unref();
  response.once('close', () => clearInterval(timer));
}

/**
 * Bytes that the kernel has not taken, by libuv: `writableLength` counts a piece of any size until it is taken whole.
 */
function unsent(socket: Socket): number {
  const { _handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null };
  return _handle?.writeQueueSize ?? 0;
}
