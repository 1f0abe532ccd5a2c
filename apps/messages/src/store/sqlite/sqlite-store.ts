import type { Logger } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { storeMetrics } from '../../metrics';
import type { Store } from '../store';
import { createAccess } from './access';
import { createAgentKeys } from './agent-keys';
import { createAgents } from './agents';
import { createAppend } from './append';
import { createAudit, createAuditLog } from './audit';
import { createChanges } from './changes';
import { createConnections } from './connections';
import { createConversationReader } from './conversation-reader';
import { createConversations } from './conversations';
import { createConversationChanges } from './conversation-changes';
import { createConversationRemover } from './conversation-remover';
import { createCredentials } from './credentials';
import { createErasure } from './erasure';
import { createEventWriter } from './event-writer';
import { createExport } from './export';
import { createFreeSpace } from './free-space';
import { createLog } from './log';
import { createOffsets } from './offsets';
import { openDatabase } from './open-database';
import { createPeople } from './people';
import { createPurge } from './purge';
import { createPush } from './push';
import { createPushDevices } from './push-devices';
import { createSessions } from './sessions';
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
  const { secret, log, metrics, now = () => new Date() } = options;
  const { db, path, fd, close } = openDatabase(options.path);
  const offsets = createOffsets(db);
  const sqlite = createSqlite(db, { secret, now, offsets });
  const access = createAccess(sqlite);
  const events = createEventWriter(sqlite);
  const reader = createConversationReader(sqlite);
  const changes = createChanges(sqlite, { access, events });
  const remover = createConversationRemover(sqlite, { events, reader });
  const audit = createAuditLog(sqlite);
  const credentials = createCredentials(sqlite);
  const sessions = createSessions(sqlite, audit);
  const keys = createAgentKeys(sqlite, audit);
  const freeSpace = createFreeSpace(db, { path, fd });
  const erasure = createErasure(sqlite, { audit, credentials, reader, remover, sessions });
  if (metrics) storeMetrics(metrics, path);

  return {
    logId: sqlite.logId,
    ...createPeople(sqlite, { audit, credentials, sessions }),
    ...sessions.calls,
    ...erasure.calls,
    ...createExport(sqlite, audit),
    ...createAgents(sqlite, { audit, keys }),
    ...keys.calls,
    ...createAudit(sqlite, audit),
    ...createConnections(sqlite, { access, credentials }),
    ...createConversations(sqlite, { access, events, reader }),
    ...createConversationChanges(sqlite, { access, events, reader, remover }),
    ...createAppend(sqlite, { access, events, changes, log }),
    ...createLog(sqlite, access),
    ...createPush(sqlite, access),
    ...createPushDevices(sqlite, credentials),
    ...createPurge(sqlite, { access, erasure }),
    async offset(consumer) {
      return offsets.read(consumer);
    },
    advance: (consumer, pos) => offsets.advance(consumer, pos),
    async scrub() {
      return freeSpace.scrub();
    },
    async close() {
      offsets.flush();
      close();
    },
  };
}
