import type { ErrorCode } from '../errors';
import { ERROR_STATUS, problemSchema } from '../errors';
import type { SchemaBook } from '../json-schema';
import type { RouteContract } from '../rest';
import { errorsOf } from './route-errors';

const TITLES: Record<ErrorCode, string> = {
  invalid_payload: 'The request does not fit the contract.',
  unauthorized: 'A credential is missing, wrong, expired or revoked, or the password is wrong.',
  forbidden: 'The credential is valid, but not for this.',
  not_found: 'There is no such thing, or it is not for the caller.',
  conflict:
    'It contradicts what is there: the same `client_id` with another request, for instance.',
  replaced: 'A newer connection of the identity has taken over.',
  sync_token_expired: 'The listing must begin anew, without `since`.',
  payload_too_large: 'The body is too large.',
  unsupported_media_type: 'The body is not `application/json`.',
  rate_limited: 'Too much at a time: again after `Retry-After`.',
  internal: 'An unexpected failure; it is logged.',
  unavailable: 'Something that is needed does not answer now: again after `Retry-After`.',
};
const TELLS_WHEN: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'unavailable']);

/** `responses` of a route: a reference by status for each code that it can answer. */
export function errorReferences(route: RouteContract): Record<string, { $ref: string }> {
  return Object.fromEntries(
    errorsOf(route).map((code) => [ERROR_STATUS[code], { $ref: `#/components/responses/${code}` }]),
  );
}

/** `components.responses`: one for each code that any of the routes can answer. */
export function errorResponses(
  routes: readonly RouteContract[],
  book: SchemaBook,
): Record<string, unknown> {
  const codes = new Set(routes.flatMap(errorsOf));
  return Object.fromEntries([...codes].map((code) => [code, errorResponse(code, book)]));
}

function errorResponse(code: ErrorCode, book: SchemaBook) {
  const retry = TELLS_WHEN.has(code);
  const status = ERROR_STATUS[code];
  return {
    description: TITLES[code],
    ...(retry && {
      headers: {
        'Retry-After': {
          description: 'Seconds, of `retry_after_ms` rounded up.',
          schema: { type: 'integer', minimum: 0 },
        },
      },
    }),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            book.schemaOf(problemSchema, 'output'),
            { type: 'object', properties: { code: { const: code }, status: { const: status } } },
          ],
        },
      },
    },
  };
}
