import type { Problem, WireError } from '@agent-messenger/contracts';
import { ERROR_STATUS } from '@agent-messenger/contracts';
import { z } from 'zod';
import { AppError } from './app-error';
import { wordsOf } from './issue-words';
import type { Logger } from './logger';

/** The one place that turns a failure into what a caller may see. Unexpected ones are logged and say nothing. */
export function toWireError(error: unknown, log: Logger, about: object = {}): WireError {
  if (error instanceof AppError) {
    // Logged where it happened; this line leads there.
    if (error.requestId !== undefined && error.code === 'internal') {
      log.warn(
        { ...about, call_request_id: error.requestId },
        'another service failed unexpectedly',
      );
    }
    return {
      code: error.code,
      message: error.message,
      ...(error.retryAfterMs !== undefined && { retry_after_ms: error.retryAfterMs }),
      ...(error.messageId !== undefined && { message_id: error.messageId }),
      ...(error.expectedOffset !== undefined && { expected_offset: error.expectedOffset }),
    };
  }
  if (error instanceof z.ZodError) return { code: 'invalid_payload', message: describe(error) };
  log.error({ ...about, err: error }, 'unexpected error');
  return { code: 'internal', message: 'Something went wrong on our side' };
}

export function toProblem({ message, ...wire }: WireError): Problem {
  return {
    type: 'about:blank',
    title: wire.code.replaceAll('_', ' '),
    status: ERROR_STATUS[wire.code],
    detail: message,
    ...wire,
  };
}

/** Names what is wrong and where, never the value: it may be a secret or a message. */
function describe(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) =>
      issue.path.length > 0 ? `${issue.path.join('.')}: ${wordsOf(issue)}` : wordsOf(issue),
    )
    .join('; ');
}
