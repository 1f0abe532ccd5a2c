import { AppError } from '@agent-messenger/service-kit';
import type { WireError } from '@agent-messenger/contracts';
import type { ReadCall } from './read-calls';

/** What a reader thread opens. */
export interface ReaderData {
  path: string;
  /** INTERNAL_JWT_SECRET; cursors are signed with what is derived from it. */
  secret: string;
}

export interface ReadTask {
  call: ReadCall;
  request: unknown;
  /** The time that the store goes by, ms since the epoch. */
  at: number;
  /** The store's revision when the call was made. What is read may be of a later one, and is then listed again. */
  rev: number;
}

/** Errors lose what they carry on their way between threads. */
export type ReadOutcome =
  | { json: Uint8Array }
  | { refused: WireError }
  | { fault: { message: string; code: string | undefined; stack: string | undefined } };

export function outcomeOf(error: unknown): ReadOutcome {
  if (error instanceof AppError) {
    const { code, message, retryAfterMs, messageId } = error;
    return {
      refused: {
        code,
        message,
        ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
        ...(messageId !== undefined && { message_id: messageId }),
      },
    };
  }
  if (!(error instanceof Error)) {
    return { fault: { message: String(error), code: undefined, stack: undefined } };
  }
  const code = 'code' in error ? String(error.code) : undefined;
  return { fault: { message: error.message, code, stack: error.stack } };
}

/** The answer, or what the thread threw. */
export function answerOf(outcome: ReadOutcome): Uint8Array {
  if ('json' in outcome) return outcome.json;
  if ('refused' in outcome) throw AppError.fromWire(outcome.refused);
  const { message, code, stack } = outcome.fault;
  const error = Object.assign(new Error(message), code !== undefined && { code });
  if (stack !== undefined) error.stack = stack;
  throw error;
}
