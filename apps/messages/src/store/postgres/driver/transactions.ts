import { AppError } from '@agent-messenger/service-kit';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResult } from 'pg';
import type { PostgresMetrics, RetryReason } from '../../../postgres-metrics';
import { conflictOf, isDuplicateKeyOf, isStaleStatement } from './faults';
import { nameOf } from './prepared';
import { toParameter, type Value } from './value-types';
import type { EventRange } from '../outbox/outbox-queues';

/**
 * One transaction. Queries may be made without waiting for the one before: they go out at once, are carried out in
 * order, and after one that fails all others fail too.
 */
export interface Tx {
  /** RFC 3339, the time of all that it writes. */
  at: string;
  /** Events that it has written, in order: consumers are told of them after its commit. */
  wrote: EventRange[];
  all<Row extends object>(sql: string, values?: readonly Value[]): Promise<Row[]>;
  get<Row extends object>(sql: string, values?: readonly Value[]): Promise<Row | undefined>;
  /** How many rows it changed. */
  run(sql: string, values?: readonly Value[]): Promise<number>;
  /** Nobody waits for it but the commit. */
  later(sql: string, values?: readonly Value[]): void;
}

/** What each transaction that writes does besides. */
export interface AroundCommits {
  /** Makes its queries without waiting for them. @returns what is to be done after the commit */
  beforeCommit(tx: Tx): () => void | Promise<void>;
}

/** What is asked of the database first in each transaction, and checked before anything else of it counts. */
export interface OpeningCheck {
  sql: string;
  /** Throws when this server must not be worked with now. */
  accept(row: object): void;
}

export interface Transactions {
  /**
   * Runs `work` in a transaction, READ COMMITTED, and resolves after its commit; a throw undoes all of it. It is begun
   * anew when another one was in its way, so that `work` must have no other effects.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** All that `work` reads is of one state of the database. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** SQL: the id of this transaction, with which all is stamped that a listing reports. */
export const REV = 'pg_current_xact_id()::text::bigint';
/** A batch has fewer messages than that. */
const MOST_PER_BATCH = 2 ** 20;
/** SQL: what becomes active now comes before all that was before. */
export const ACTIVITY = `nextval('activity') * ${MOST_PER_BATCH}`;
/** Retries of a send that raced with its repetition at another replica. */
const SENDS_KEY = 'sends_pkey';

const TRIES = 8;
const MOST_PAUSE_MS = 40;
/**
 * By SET LOCAL, because a pooler in transaction mode gives the connection to others afterwards. Nobody holds a lock
 * that long: who does is stuck. Nothing here runs long enough to be worth compiling. A server whose operator has
 * switched synchronous_commit off would lose what was acked.
 */
const LIMITS = `SET LOCAL statement_timeout = '20s'; SET LOCAL lock_timeout = '5s';
  SET LOCAL idle_in_transaction_session_timeout = '10s'; SET LOCAL jit = off;`;
const DURABLE = `SELECT set_config('synchronous_commit', 'on', true)
  WHERE current_setting('synchronous_commit') = 'off';`;
const WHO = 'SELECT pg_backend_pid() AS pid';
type Kind = 'read' | 'write';
const BEGIN: Record<Kind, string> = {
  // A plan that is kept may be older than the rows: whatever is written to is found by an index.
  write: `BEGIN ISOLATION LEVEL READ COMMITTED; ${LIMITS} SET LOCAL enable_seqscan = off; ${DURABLE}`,
  read: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${LIMITS}`,
};

export function createTransactions(
  pool: Pool,
  {
    now,
    opening,
    around,
    metrics,
  }: {
    now: () => Date;
    opening: OpeningCheck;
    around: readonly AroundCommits[];
    metrics?: PostgresMetrics | undefined;
  },
): Transactions {
  /**
   * Connections of the server itself, which keep statements: who is behind them is who answered at their beginning. A
   * pooler gives each transaction another server process, and each client an identity of its own making.
   */
  const direct = new WeakSet<PoolClient>();

  /** What the work asks for goes out with the check; it gets no answer before that is passed. */
  function begin(client: PoolClient, kind: Kind) {
    // Without parameters all statements go in one message.
    const keeps = direct.has(client);
    const asked = keeps ? '' : `${WHO};`;
    const opened = client.query(`${BEGIN[kind]} ${asked} ${opening.sql}`).then((answers) => {
      const all = answers as unknown as { rows: object[] }[];
      const { pid } = (all.at(-2)?.rows[0] ?? {}) as { pid?: number };
      if (pid !== undefined && pid === processOf(client)) direct.add(client);
      opening.accept(all.at(-1)?.rows[0] ?? {});
    });
    const waitedFor: Promise<unknown>[] = [opened];
    opened.catch(() => undefined);
    async function query(sql: string, values: readonly Value[] = []): Promise<QueryResult> {
      const name = keeps ? nameOf(sql) : undefined;
      const parameters = values.map(toParameter);
      const query = { text: sql, values: parameters, ...(name !== undefined && { name }) };
      const [, result] = await Promise.all([opened, client.query(query)]);
      return result;
    }
    const tx: Tx = {
      at: now().toISOString(),
      wrote: [],
      all: async (sql, values) => (await query(sql, values)).rows as never,
      get: async (sql, values) => (await query(sql, values)).rows[0] as never,
      run: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
      later(sql, values) {
        const answer = query(sql, values);
        answer.catch(() => undefined);
        waitedFor.push(answer);
      },
    };
    return { tx, waitedFor };
  }

  async function once<T>(kind: Kind, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      const { tx, waitedFor } = begin(client, kind);
      const result = await work(tx);
      const after = kind === 'write' ? around.map((each) => each.beforeCommit(tx)) : [];
      const took = kind === 'write' ? metrics?.commitSeconds.startTimer() : undefined;
      const [{ command }] = await Promise.all([client.query('COMMIT'), ...waitedFor]);
      took?.();
      // A query that failed and was not waited for has undone all of it.
      if (command !== 'COMMIT') throw new Error('The transaction was rolled back at its end');
      for (const each of after) await each();
      client.release();
      return result;
    } catch (error) {
      await giveBack(client, isStaleStatement(error));
      throw error;
    }
  }

  return {
    read: (work) => once('read', work),
    async write(work) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await once('write', work);
        } catch (error) {
          const reason = retryReason(error);
          if (tries === TRIES || reason === undefined) throw error;
          metrics?.retries.inc({ reason });
          // So that the two do not meet again.
          await pause(Math.random() * MOST_PAUSE_MS);
        }
      }
    },
  };
}

function retryReason(error: unknown): RetryReason | undefined {
  if (error instanceof AppError) return undefined;
  if (isDuplicateKeyOf(error, SENDS_KEY)) return 'duplicate';
  if (isStaleStatement(error)) return 'stale_statement';
  return conflictOf(error);
}

/** Of the server, as it was told when the connection was made. */
function processOf(client: PoolClient): number | undefined {
  return (client as { processID?: number }).processID;
}

/** A connection that cannot be rolled back is of no more use. */
async function giveBack(client: PoolClient, isStale: boolean): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release(isStale);
  } catch {
    client.release(true);
  }
}
