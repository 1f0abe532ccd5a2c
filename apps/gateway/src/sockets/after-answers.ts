import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Answers come in the order of the requests, an upgrade's too: Node.js hands one over while requests that came before it
 * on the connection are still being answered.
 *
 * @returns what does something with a connection once all that it asked for is answered, unless it is gone then
 */
export function afterAnswers(http: Server): (socket: Duplex, work: () => void) => void {
  const newest = new WeakMap<Duplex, ServerResponse>();
  http.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    newest.set(socket, response);
  });
  const heard = new WeakSet<Duplex>();
  return (socket, work) => {
    const response = newest.get(socket);
    if (!response || response.closed) return work();
    // Node.js does not listen any more, and an error may still come from the last answer when `work` has begun.
    if (!heard.has(socket)) socket.on('error', () => undefined);
    heard.add(socket);
    response.once('close', () => {
      if (!socket.destroyed) work();
    });
  };
}
