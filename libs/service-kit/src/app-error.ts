import type { ErrorCode, WireError } from '@agent-messenger/contracts';

interface AppErrorOptions {
  cause?: unknown;
  /** When a retry may succeed, milliseconds from now. */
  retryAfterMs?: number;
  /** With `conflict` on a send: the message accepted under the same client_id. */
  messageId?: string;
  /** With `conflict` on the end of a stream: how much of its text there is, UTF-16 code units. */
  expectedOffset?: number;
  /** Of the call that another service answered so: what its log says about it is under this id. */
  requestId?: string;
  /** With `unavailable`: what was asked may have been carried out, or may still be. */
  inDoubt?: boolean;
}

/**
 * An expected failure: its code and message are answered to the caller. Anything else is a bug and answered as
 * `internal`.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly retryAfterMs: number | undefined;
  readonly messageId: string | undefined;
  readonly expectedOffset: number | undefined;
  readonly requestId: string | undefined;
  readonly inDoubt: boolean;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.messageId = options.messageId;
    this.expectedOffset = options.expectedOffset;
    this.requestId = options.requestId;
    this.inDoubt = options.inDoubt ?? false;
  }

  static fromWire(wire: WireError, requestId?: string): AppError {
    return new AppError(wire.code, wire.message, {
      ...(wire.retry_after_ms !== undefined && { retryAfterMs: wire.retry_after_ms }),
      ...(wire.message_id !== undefined && { messageId: wire.message_id }),
      ...(wire.expected_offset !== undefined && { expectedOffset: wire.expected_offset }),
      ...(requestId !== undefined && { requestId }),
    });
  }
}
