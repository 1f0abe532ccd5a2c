import { AppError, JsonAnswer, type Logger } from '@agent-messenger/service-kit';
import BetterSqlite3 from 'better-sqlite3';
import { READ_CALLS } from '../readers/read-calls';
import { outcomeOf, type ReadOutcome, type ReaderData, type ReadTask } from '../readers/read-task';
import { deriveDigestKey } from '../send-digest';
import { createOffsets } from './offsets';
import type { Sqlite } from './sqlite';
import { createStoreCalls } from './store-calls';

/** For a lock that a writer holds while it opens or closes its log; nobody else waits for this thread. */
const LOCK_WAIT_MS = 2_000;
const CACHE_KIB = 16 * 1024;

/** A connection that only reads, of a database that a writer in this process has opened. */
export function openReader({ path, secret }: ReaderData, log: Logger) {
  const db = new BetterSqlite3(path, {
    readonly: true,
    fileMustExist: true,
    timeout: LOCK_WAIT_MS,
  });
  db.pragma(`cache_size = ${-CACHE_KIB}`);
  const meta = db.prepare<[string]>('SELECT value FROM meta WHERE key = ?').pluck();
  let at = new Date(0);
  let rev = 0;
  function refuse(): never {
    throw new Error('A reader does not write');
  }
  const sqlite: Sqlite = {
    db,
    logId: String(meta.get('log_id')),
    digestKey: deriveDigestKey(secret, meta.get('salt') as Buffer),
    now: () => at,
    rev: () => rev,
    nextPos: refuse,
    write: refuse,
    commit: refuse,
    takePart: () => undefined,
    close: () => undefined,
  };
  const { calls } = createStoreCalls(sqlite, { log, offsets: createOffsets(sqlite) });

  /** All of a call is of one state of the store: what it has to read is read before it first waits. */
  function inOneSnapshot<T>(work: () => Promise<T>): Promise<T> {
    db.exec('BEGIN');
    try {
      return work();
    } finally {
      db.exec('COMMIT');
    }
  }

  return {
    async read({ call, request, ...task }: ReadTask): Promise<ReadOutcome> {
      at = new Date(task.at);
      rev = task.rev;
      try {
        if (!Object.hasOwn(READ_CALLS, call)) throw new AppError('internal', `No read: ${call}`);
        const carryOut = calls[call] as (request: unknown) => Promise<unknown>;
        const answer = await inOneSnapshot(() => carryOut(request));
        return { json: JsonAnswer.of(answer).bytes };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    close: () => db.close(),
  };
}
