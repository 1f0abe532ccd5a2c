import { beginAtZero } from '@agent-messenger/service-kit';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Why a transaction was begun anew. */
export const RETRY_REASONS = ['deadlock', 'duplicate', 'serialization', 'stale_statement'] as const;
export type RetryReason = (typeof RETRY_REASONS)[number];

/** Of pg's Pool. */
export interface PoolFigures {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
}

export interface DatabaseFigures {
  /** Age of the oldest transaction that writes, as far as the role sees it; 0: there is none. */
  oldest_s: number;
  /** Transactions begun since the oldest of all databases that writes. */
  behind: number;
  bytes: number;
}

export type PostgresMetrics = ReturnType<typeof postgresMetrics>;

/**
 * Of a replica whose store is in PostgreSQL.
 * @param ask is asked at each scrape; what it rejects with leaves what was known
 */
export function postgresMetrics(
  registry: Registry,
  { pool, ask }: { pool: PoolFigures; ask: () => Promise<DatabaseFigures> },
) {
  const registers = [registry];
  new Gauge({
    name: 'messages_postgres_connections',
    help: 'Connections of this replica: used by a transaction, or idle. DATABASE_CONNECTIONS at most.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
      this.set({ state: 'idle' }, pool.idleCount);
    },
  });
  new Gauge({
    name: 'messages_postgres_waiting',
    help: 'Transactions that wait for one of the connections.',
    registers,
    collect() {
      this.set(pool.waitingCount);
    },
  });
  let asking: Promise<DatabaseFigures | undefined> | undefined;
  /** One question for all gauges of a scrape. */
  function figures(): Promise<DatabaseFigures | undefined> {
    asking ??= ask()
      .catch(() => undefined)
      .finally(() => (asking = undefined));
    return asking;
  }
  const figure = (name: string, help: string, of: keyof DatabaseFigures) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const found = await figures();
        if (found) this.set(found[of]);
      },
    });
  figure(
    'messages_postgres_behind_transactions',
    'Transactions begun since the oldest one, of any database of the server, that writes and has not ended: what they changed is listed again and again.',
    'behind',
  );
  figure('messages_postgres_bytes', 'Size of the database, without the write-ahead log.', 'bytes');
  figure(
    'messages_postgres_oldest_transaction_seconds',
    'Age of the oldest transaction that writes and has not ended; those of other roles only with pg_monitor. 0: there is none.',
    'oldest_s',
  );
  return {
    commitSeconds: new Histogram({
      name: 'messages_postgres_commit_seconds',
      help: 'Time that COMMIT took: the disk of the server, and a standby where commits wait for one.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    retries: beginAtZero(
      new Counter({
        name: 'messages_postgres_retries_total',
        help: 'Transactions that were begun anew: another one was in their way (deadlock, serialization), the same send came by another replica (duplicate), or a migration had changed a table (stale_statement).',
        labelNames: ['reason'],
        registers,
      }),
      'reason',
      RETRY_REASONS,
    ),
  };
}
