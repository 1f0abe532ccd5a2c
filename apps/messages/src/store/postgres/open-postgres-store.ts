import type { Logger } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { postgresMetrics } from '../../postgres-metrics';
import type { Storage } from '../../storage/storage';
import type { Reads } from '../readers/read-calls';
import { deriveDigestKey } from '../send-digest';
import type { Store } from '../store';
import { askDatabase } from './driver/ask-database';
import { createFaultTranslation } from './driver/faults';
import { openPool } from './driver/open-pool';
import { createTransactions } from './driver/transactions';
import { openLogIdentity } from './log-identity';
import { LastEvent } from './log/last-event';
import { createCommitOutbox } from './outbox/commit-outbox';
import { createOutboxFeed } from './outbox/outbox-feed';
import { OutboxQueues } from './outbox/outbox-queues';
import type { Postgres } from './postgres';
import { createQuotas } from './quotas';
import { createQueuedReads } from './queued-reads';
import { migrate } from './schema/migrate';
import { createStoreCalls } from './store-calls';

export interface PostgresStoreOptions {
  /** postgres://… */
  url: string;
  /** INTERNAL_JWT_SECRET; the digests of sends are keyed with it. */
  secret: string;
  log: Logger;
  /** Connections at most; some are left for writing. */
  connections?: number;
  /** Whether a commit is answered only when a standby has it. */
  synchronous?: boolean;
  /** More are a `conflict`; unbounded without it. */
  conversationsPerPerson?: number;
  /** Bounds of what is stored; none when absent. */
  storage?: Storage;
  metrics?: Registry;
  now?: () => Date;
}

const NO_BOUND = { perDay: 0, inAll: 0 };
const UNBOUNDED: Storage = {
  limits: { person: NO_BOUND, agent: NO_BOUND, address: NO_BOUND },
  isLow: () => false,
  onRefusal: () => undefined,
};
const CONNECTIONS = 10;
/** Left for writing, and for what looks after the store. */
const FOR_WRITING = 4;
/** How long it may wait for a commit to travel with that something is dealt with. */
const IDLE_MS = 500;

/** The store in a PostgreSQL database, for any number of processes at once. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, secret, log, now = () => new Date(), connections = CONNECTIONS } = options;
  const pool = openPool({ url, connections, log });
  const { synchronous = false } = options;
  const identity = await migrate(pool, { log })
    .then(() => openLogIdentity(pool, { synchronous, log }))
    .catch(async (error: unknown) => {
      await pool.end();
      throw error;
    });

  let flushing: NodeJS.Timeout | undefined;
  const queues = new OutboxQueues(() => {
    flushing ??= setTimeout(() => void flush(), IDLE_MS).unref();
  });
  const lastEvent = new LastEvent();
  const { quotas, around: counting, start } = createQuotas(options.storage ?? UNBOUNDED);
  const around = [createCommitOutbox(queues, identity), lastEvent, counting];
  const metrics =
    options.metrics && postgresMetrics(options.metrics, { pool, ask: () => askDatabase(pool) });
  const transactions = createTransactions(pool, {
    ...{ now, opening: identity.opening, around, metrics },
  });
  /** Alone. What fails goes with the next commit. */
  async function flush(): Promise<void> {
    flushing = undefined;
    if (queues.toRemove().length > 0) {
      await transactions.write(async () => undefined).catch(() => undefined);
    }
  }

  const counter = start(transactions);
  const postgres: Postgres = {
    ...transactions,
    now,
    logId: identity.logId,
    digestKey: deriveDigestKey(secret, identity.salt),
  };
  const feed = createOutboxFeed(postgres, queues);
  const calls = {
    ...createStoreCalls(postgres, { ...options, feed, quotas }),
    ...lastEvent.calls(postgres),
  };
  const reads = createQueuedReads(
    calls as unknown as Reads,
    Math.max(1, connections - FOR_WRITING),
  );
  const translate = createFaultTranslation(log);
  const methods = Object.entries({ ...calls, ...reads.calls }).map(([name, value]) => [
    name,
    typeof value === 'function' ? guard(value as Method) : value,
  ]);

  type Method = (...args: unknown[]) => Promise<unknown>;
  function guard(method: Method): Method {
    return async (...args) => {
      try {
        return await method(...args);
      } catch (error) {
        throw translate(error);
      }
    };
  }
  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    await reads.close();
    await counter.close();
    clearTimeout(flushing);
    await flush();
    await pool.end();
  }
  return {
    ...(Object.fromEntries(methods) as Store),
    chores: [],
    get logId() {
      return identity.logId();
    },
    close: () => (closed ??= close()),
  };
}
