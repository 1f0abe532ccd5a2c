import type { CloseCode, ErrorCode, Problem, WireError } from '@agent-messenger/contracts';
import { contract } from './contract/contract';

/** Codes of the contract, and what only this side can know. */
export type MessengerErrorCode =
  | CloseCode
  /** No answer from any of the addresses. */
  | 'unreachable'
  | 'timeout'
  /** The connection was lost before the answer; it is being restored. */
  | 'disconnected'
  /** `close()` was called here. */
  | 'closed'
  | 'outbox_full'
  /** A person stopped the answer. */
  | 'stopped';

export interface MessengerErrorOptions {
  cause?: unknown;
  retryAfterMs?: number | undefined;
  status?: number | undefined;
  messageId?: string | undefined;
  expectedOffset?: number | undefined;
}

export class MessengerError extends Error {
  override readonly name = 'MessengerError';
  readonly retryAfterMs: number | undefined;
  /** HTTP status, when the error came as an HTTP answer. */
  readonly status: number | undefined;
  /** With `conflict` on a send: the message that was accepted under the same client_id. */
  readonly messageId: string | undefined;
  /** With `conflict` on the end of a stream: how much of its text the server has, UTF-16 code units. */
  readonly expectedOffset: number | undefined;

  constructor(
    readonly code: MessengerErrorCode,
    message: string,
    options: MessengerErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
    this.messageId = options.messageId;
    this.expectedOffset = options.expectedOffset;
  }
}

export function fromWire(error: WireError): MessengerError {
  return new MessengerError(error.code, error.message, {
    retryAfterMs: error.retry_after_ms,
    messageId: error.message_id,
    expectedOffset: error.expected_offset,
  });
}

/** An HTTP answer that is not positive; what is between us and the gateway may answer without a problem body. */
export function fromHttp(status: number, body: unknown): MessengerError {
  const problem = (body ?? {}) as Partial<Problem>;
  const code = problem.code ?? codeOfStatus(status);
  return new MessengerError(code, problem.detail ?? problem.title ?? `HTTP ${status}`, {
    status,
    retryAfterMs: problem.retry_after_ms,
    messageId: problem.message_id,
  });
}

function codeOfStatus(status: number): ErrorCode {
  const codes = Object.keys(contract.errorStatus) as ErrorCode[];
  const code = codes.find((name) => contract.errorStatus[name] === status);
  if (code) return code;
  // 408 and 425 ask for another try; what else is below 500 would be refused again.
  return status >= 500 || status === 408 || status === 425 ? 'unavailable' : 'invalid_payload';
}

const temporary: ReadonlySet<MessengerErrorCode> = new Set([
  'unreachable',
  'timeout',
  'disconnected',
  'unavailable',
  'rate_limited',
  // A fault of the server is mended there: what was to be sent is not lost meanwhile.
  'internal',
]);

/** The same request may succeed later, unchanged. */
export function isTemporary(error: unknown): error is MessengerError {
  return error instanceof MessengerError && temporary.has(error.code);
}

const final: ReadonlySet<MessengerErrorCode> = new Set([
  'invalid_payload',
  'payload_too_large',
  'forbidden',
  'not_found',
]);

/** The same request will be refused again. */
export function isFinal(error: unknown): error is MessengerError {
  return error instanceof MessengerError && final.has(error.code);
}

export function toMessengerError(error: unknown): MessengerError {
  if (error instanceof MessengerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MessengerError('internal', message, { cause: error });
}
