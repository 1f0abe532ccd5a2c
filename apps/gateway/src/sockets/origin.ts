import type { IncomingMessage } from 'node:http';

/**
 * Whether a page may connect: WebSockets know no CORS, so the server checks the origin. Programs send none and pass;
 * pages of this host and of the configured origins pass, others do not.
 */
export function createOriginCheck(
  origins: readonly string[],
): (request: IncomingMessage) => boolean {
  const allowed = new Set(origins);
  return ({ headers: { origin, host } }) =>
    origin === undefined ||
    allowed.has(origin) ||
    (URL.canParse(origin) && new URL(origin).host === host);
}
