import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import { type AppError, toProblem } from '@agent-messenger/service-kit';

/** Answers an upgrade that is not made, as REST answers a request that fails, and ends its connection. */
export function refuseUpgrade(socket: Duplex, { code, message, retryAfterMs }: AppError): void {
  const problem = toProblem({
    code,
    message,
    ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
  });
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs === undefined ? [] : [`Retry-After: ${Math.ceil(retryAfterMs / 1_000)}`]),
  ];
  socket.on('error', () => {
    // The peer is gone before it heard the answer.
  });
  // The peer need not close its half: nobody would ever read what it sends.
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
