import type { Logger } from '@agent-messenger/service-kit';
import { statSync } from 'node:fs';
import { Gauge, type Registry } from 'prom-client';
import type { Store } from '../store';
import { createAccess } from './access';
import { createAgents } from './agents';
import { createAppend } from './append';
import { createChanges } from './changes';
import { createConnections } from './connections';
import { createConversationReader } from './conversation-reader';
import { createConversations } from './conversations';
import { createConversationChanges } from './conversation-changes';
import { createEventWriter } from './event-writer';
import { createLog } from './log';
import { createOffsets } from './offsets';
import { openDatabase } from './open-database';
import { createPeople } from './people';
import { createPurge } from './purge';
import { createPush } from './push';
import { createPushDevices } from './push-devices';
import { createSqlite } from './sqlite';

export interface SqliteStoreOptions {
  path: string;
  /** INTERNAL_JWT_SECRET; the digests of sends are keyed with it. */
  secret: string;
  log: Logger;
  metrics?: Registry;
  now?: () => Date;
}

/**
 * The store in one SQLite file, for one process. Statements run synchronously on the event loop: they are short and
 * bounded, and one writer needs no locks.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, secret, log, metrics, now = () => new Date() } = options;
  const { db, close } = openDatabase(path);
  const offsets = createOffsets(db);
  const sqlite = createSqlite(db, { secret, now, offsets });
  const access = createAccess(sqlite);
  const events = createEventWriter(sqlite);
  const reader = createConversationReader(sqlite);
  const changes = createChanges(sqlite, { access, events });
  if (metrics) watchWal(path, metrics);

  return {
    logId: sqlite.logId,
    ...createPeople(sqlite),
    ...createAgents(sqlite),
    ...createConnections(sqlite, access),
    ...createConversations(sqlite, { access, events, reader }),
    ...createConversationChanges(sqlite, { access, events, reader }),
    ...createAppend(sqlite, { access, events, changes, log }),
    ...createLog(sqlite, access),
    ...createPush(sqlite, access),
    ...createPushDevices(sqlite),
    ...createPurge(sqlite, access),
    async offset(consumer) {
      return offsets.read(consumer);
    },
    advance: (consumer, pos) => offsets.advance(consumer, pos),
    async close() {
      offsets.flush();
      close();
    },
  };
}

/** A WAL that only grows means that something reads for ever and no checkpoint gets through. */
function watchWal(path: string, metrics: Registry): void {
  new Gauge({
    name: 'messages_sqlite_wal_bytes',
    help: 'Size of the write-ahead log.',
    registers: [metrics],
    collect() {
      this.set(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0);
    },
  });
}
