import { z } from 'zod';

/** Every error code there is, with the HTTP status that carries it. */
export const ERROR_STATUS = {
  invalid_payload: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  replaced: 409,
  sync_token_expired: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;
export const ERROR_CODES = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];
export const errorCodeSchema = z.enum(ERROR_CODES).meta({ id: 'ErrorCode' });

/** What a failed socket request is acked with; without its message what a connect_error carries as `data`. */
export const errorSchema = z
  .object({
    code: errorCodeSchema,
    message: z.string(),
    retry_after_ms: z.int().min(0).optional(),
    /** With `conflict` on a send: the message that was accepted under the same client_id. */
    message_id: z.string().optional(),
    /** With `conflict` on `stream:end`: how long the text is that the server has, UTF-16 code units. */
    expected_offset: z.int().min(0).optional(),
  })
  .meta({ id: 'Error' });
export type WireError = z.infer<typeof errorSchema>;

/** RFC 9457 `application/problem+json`. */
export const problemSchema = errorSchema
  .omit({ message: true })
  .extend({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

/** Why a connection is closed by the server; sent in `closing` before every close that the peer can still read. */
export const closeCodeSchema = z
  .enum([
    ...ERROR_CODES,
    'draining',
    'lease_lost',
    'slow_consumer',
    'max_age',
    'token_expired',
    'revoked',
  ])
  .meta({ id: 'CloseCode' });
export type CloseCode = z.infer<typeof closeCodeSchema>;
