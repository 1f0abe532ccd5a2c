import { AppError, type Logger } from '@agent-messenger/service-kit';

/** What ends without a change to the program or to the database: somebody makes room, the disk or a lock comes back. */
const PASSING = /^SQLITE_(FULL|IOERR|BUSY|LOCKED|PROTOCOL|CANTOPEN|NOMEM|READONLY)/;
/** Other users of the file are backups, which hold its lock briefly. */
const LOCKED = /^SQLITE_(BUSY|LOCKED|PROTOCOL)/;
const RETRY_MS = { locked: 50, other: 2_000 };
/** One line for an outage, however many calls it meets. */
const QUIET_MS = 30_000;

/**
 * The same object, whose methods answer faults that pass as `unavailable`, with when to come again. All others go
 * through as they are.
 */
export function withPassingFaults<S extends object>(store: S, log: Logger): S {
  let quietUntil = -Infinity;

  function translate(error: unknown): unknown {
    const code = codeOf(error);
    if (!PASSING.test(code)) return error;
    const isLocked = LOCKED.test(code);
    if (!isLocked && performance.now() >= quietUntil) {
      log.error({ err: error, sqlite: code }, 'the store cannot work now');
      quietUntil = performance.now() + QUIET_MS;
    }
    return new AppError('unavailable', 'The store cannot work at the moment.', {
      cause: error,
      retryAfterMs: isLocked ? RETRY_MS.locked : RETRY_MS.other,
    });
  }

  function guard(method: (...args: unknown[]) => unknown) {
    return (...args: unknown[]): unknown => {
      try {
        const answer = method(...args);
        if (!(answer instanceof Promise)) return answer;
        return answer.catch((error: unknown) => {
          throw translate(error);
        });
      } catch (error) {
        throw translate(error);
      }
    };
  }

  const guarded = Object.entries(store).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function' ? guard(value as (...args: unknown[]) => unknown) : value,
  ]);
  return Object.fromEntries(guarded) as S;
}

/**
 * By its code alone: the class of SQLite's errors, and the one that it extends, belong to who loaded its module first.
 */
function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
