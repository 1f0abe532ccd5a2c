import type { Logger } from '@agent-messenger/service-kit';
import { setTimeout as pause } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { codeOf, conflictOf, LOCK_TIMEOUT } from './faults';

const PAUSE_MS = 1_000;

interface RepeatOptions {
  /** What `work` uses. */
  client: PoolClient;
  log: Logger;
  tries: number;
  /** For the log line. */
  what: string;
  /** Codes that a repetition does away with, besides those of locks. */
  also?: RegExp;
}

/**
 * What takes a lock on a whole table, and meets a deadlock, or a lock that somebody keeps: it is undone, and repeated
 * after those have had their turn who waited behind it. Throws what the last try met.
 */
export async function repeatInTheWay<T>(
  work: () => Promise<T>,
  { client, log, tries, what, also }: RepeatOptions,
): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      const code = codeOf(error);
      const passes =
        conflictOf(error) !== undefined || code === LOCK_TIMEOUT || also?.test(code) === true;
      if (left <= 0 || !passes) throw error;
      await client.query('ROLLBACK');
      log.warn({ postgres: code, left }, `${what} met others, and is repeated`);
      await pause(PAUSE_MS * (0.5 + Math.random()));
    }
  }
}
