import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Answers come in the order of the requests, an upgrade's too: Node.js hands one over while requests that came before
 * it on the connection are still being answered.
 *
 * @returns what does something with a connection once all that it asked for is answered, unless it is gone then
 */
export function afterAnswers(http: Server): (socket: Duplex, work: () => void) => void {
  const answers = new WeakMap<Duplex, Set<ServerResponse>>();
  http.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const open = answers.get(socket) ?? new Set();
    answers.set(socket, open.add(response));
    response.once('close', () => open.delete(response));
  });
  const heard = new WeakSet<Duplex>();
  return (socket, work) => {
    const open = answers.get(socket);
    const newest = [...(open ?? [])].at(-1);
    if (!open || !newest) return work();
    // Node.js does not listen any more: an error may still come from the last answer when `work` has begun, and answers
    // that wait for the client to take what it has would wait for ever.
    if (!heard.has(socket)) {
      socket.on('error', () => undefined);
      socket.on('drain', () => {
        for (const answer of open) if (answer.writableNeedDrain) answer.emit('drain');
      });
    }
    heard.add(socket);
    newest.once('close', () => {
      if (!socket.destroyed) work();
    });
  };
}
