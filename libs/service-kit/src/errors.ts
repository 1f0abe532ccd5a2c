import type { ErrorCode, Problem, WireError } from '@agent-messenger/contracts';
import { ERROR_STATUS } from '@agent-messenger/contracts';
import { z } from 'zod';
import type { Logger } from './logger';

interface AppErrorOptions {
  cause?: unknown;
  /** When a retry may succeed, milliseconds from now. */
  retryAfterMs?: number;
  /** With `conflict` on a send: the message accepted under the same client_id. */
  messageId?: string;
  /** Of the call that another service answered so: what its log says about it is under this id. */
  requestId?: string;
}

/** An expected failure: its code and message are answered to the caller. Anything else is a bug and answered as `internal`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly retryAfterMs: number | undefined;
  readonly messageId: string | undefined;
  readonly requestId: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.messageId = options.messageId;
    this.requestId = options.requestId;
  }

  static fromWire(wire: WireError, requestId?: string): AppError {
    return new AppError(wire.code, wire.message, {
      ...(wire.retry_after_ms !== undefined && { retryAfterMs: wire.retry_after_ms }),
      ...(wire.message_id !== undefined && { messageId: wire.message_id }),
      ...(requestId !== undefined && { requestId }),
    });
  }
}

/** The one place that turns a failure into what a caller may see. Unexpected ones are logged and say nothing. */
export function toWireError(error: unknown, log: Logger): WireError {
  if (error instanceof AppError) {
    // Logged where it happened; this line leads there.
    if (error.requestId !== undefined && error.code === 'internal') {
      log.warn({ call_request_id: error.requestId }, 'another service failed unexpectedly');
    }
    return {
      code: error.code,
      message: error.message,
      ...(error.retryAfterMs !== undefined && { retry_after_ms: error.retryAfterMs }),
      ...(error.messageId !== undefined && { message_id: error.messageId }),
    };
  }
  if (error instanceof z.ZodError) return { code: 'invalid_payload', message: describe(error) };
  log.error({ err: error }, 'unexpected error');
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
      issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message,
    )
    .join('; ');
}
