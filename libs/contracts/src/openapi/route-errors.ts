import type { ErrorCode } from '../errors';
import { ERROR_CODES } from '../errors';
import type { RouteContract } from '../rest';

/** Whatever is asked, and whoever asks: the limits of an address, and what goes wrong within. */
const OF_EVERY_ROUTE: readonly ErrorCode[] = ['rate_limited', 'internal', 'unavailable'];

/** The codes that a route can answer, in the order of their statuses. */
export function errorsOf(route: RouteContract): ErrorCode[] {
  const { caller, params, query, body, errors = [] } = route;
  const names = Object.keys(params?.shape ?? {});
  const ids = names.filter((name) => name.endsWith('_id'));
  const codes = new Set<ErrorCode>([...OF_EVERY_ROUTE, ...errors]);
  if (caller !== 'anyone') codes.add('unauthorized');
  // An agent's credential is valid, and not for this; or a token is, where a key is asked for.
  if (caller === 'person' || caller === 'agent_key') codes.add('forbidden');
  if (ids.length > 0) codes.add('not_found');
  if (names.length > ids.length || query || body) codes.add('invalid_payload');
  if (body) codes.add('payload_too_large').add('unsupported_media_type');
  return ERROR_CODES.filter((code) => codes.has(code));
}
