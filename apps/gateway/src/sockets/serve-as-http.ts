import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Headers that offer the upgrade, and those that belong to it. */
const OFFER = new Set(['connection', 'upgrade', 'http2-settings']);

/**
 * Answers a request that offers an upgrade which is not made (`Upgrade: h2c`, of curl and Java clients) as the HTTP/1.1
 * that it also is. Node.js stops parsing at such a request: it is parsed again without the offer, and so is its body.
 */
export function serveAsHttp(
  http: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!OFFER.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  // Node.js reads header values as Latin-1.
  const again = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(Buffer.concat([again, head]));
  http.emit('connection', socket);
}
