import { AppError, type Logger } from '@agent-messenger/service-kit';

/** Two transactions that were in each other's way: the same one, begun again, may succeed. */
const CONFLICTS = new Map([
  ['40001', 'serialization'],
  ['40P01', 'deadlock'],
] as const);
export const LOCK_TIMEOUT = '55P03';
/**
 * What ends without a change to the program or to the database, by class or code: connections, insufficient resources,
 * operator intervention, I/O; a lock or a statement that took too long; a server that only reads, because it is a
 * standby.
 */
const PASSING = /^(08...|53...|57P..|58...|40...|55P03|57014|25006|25P03|3D000|28000)$/;
const LOCKED = /^(40...|55P03)$/;
/** Of the socket, and of the driver where it has no code. */
const SOCKET = /^(E[A-Z]+|ERR_[A-Z_]+)$/;
const DRIVER =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|not queryable|Cannot use a pool after|connection error/i;
const RETRY_MS = { locked: 50, other: 1_000 };
/** One line for an outage, however many calls it meets. */
const QUIET_MS = 30_000;

/** What the server kept for the connection does not fit any more: a migration has changed a table, or it is gone. */
export function isStaleStatement(error: unknown): boolean {
  const code = codeOf(error);
  return code === '26000' || (code === '0A000' && /cached plan/.test((error as Error).message));
}

export function conflictOf(error: unknown): 'serialization' | 'deadlock' | undefined {
  return CONFLICTS.get(codeOf(error) as '40001');
}

/** Whether two transactions have put the same key into a table: who begins again finds the other's. */
export function isDuplicateKeyOf(error: unknown, constraint: string): boolean {
  return codeOf(error) === '23505' && (error as { constraint?: string }).constraint === constraint;
}

/** Turns faults that pass into `unavailable`, with when to come again; all others go through as they are. */
export function createFaultTranslation(log: Logger): (error: unknown) => unknown {
  let quietUntil = -Infinity;
  return (error) => {
    if (error instanceof AppError || !isPassing(error)) return error;
    const code = codeOf(error);
    const isLocked = LOCKED.test(code);
    if (!isLocked && performance.now() >= quietUntil) {
      log.error({ err: error, postgres: code }, 'the store cannot work now');
      quietUntil = performance.now() + QUIET_MS;
    }
    return new AppError('unavailable', 'The store cannot work at the moment.', {
      cause: error,
      retryAfterMs: isLocked ? RETRY_MS.locked : RETRY_MS.other,
    });
  };
}

function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (PASSING.test(code) || SOCKET.test(code)) return true;
  return code === '' && error instanceof Error && DRIVER.test(error.message);
}

/** SQLSTATE, or of the socket; empty when it has none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
