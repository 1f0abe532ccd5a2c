import type { Logger } from '@agent-messenger/service-kit';
import type { Store } from '../store';
import { createAccess } from './access';
import { createAgentKeys } from './agent-keys';
import { createAgentPeople } from './agent-people';
import { createAgents } from './agents';
import { createAppend } from './append';
import { createAttempts } from './attempts';
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
import { createExport, type Export } from './export';
import type { Feeds, FeedSources } from './feeds';
import { createLog } from './log';
import type { Offsets } from './offsets';
import { createPeople } from './people';
import { createPlaces, type Places } from './places';
import { createPurge, type Purge } from './purge';
import { createPush } from './push';
import { createPushBacklog } from './push-backlog';
import { createPushCorrections } from './push-corrections';
import { createPushDevices } from './push-devices';
import type { Storage } from '../../storage/storage';
import { createQuotas } from './quotas';
import { RecentEntries } from './recent-entries';
import { createSessions } from './sessions';
import type { Sqlite } from './sqlite';
import { createStreams } from './streams';

interface StoreCallsOptions {
  offsets: Offsets;
  log: Logger;
  /** More are a `conflict`; unbounded without it. */
  conversationsPerPerson?: number | undefined;
  /** Bounds of what is stored; none when absent. */
  storage?: Storage | undefined;
}

const NO_BOUND = { perDay: 0, inAll: 0 };
const UNBOUNDED: Storage = {
  limits: { person: NO_BOUND, agent: NO_BOUND, address: NO_BOUND },
  isLow: () => false,
  onRefusal: () => undefined,
};

interface StoreCalls {
  calls: Omit<
    Store,
    'logId' | 'readJson' | keyof Feeds | 'purge' | 'chores' | 'checkCommits' | 'close'
  >;
  /** What consumers of the log are fed from. */
  sources: FeedSources;
  exports: Export;
  places: Places;
  purge: Purge;
}

/** What a connection can carry out; one that only reads, what only reads. */
export function createStoreCalls(
  sqlite: Sqlite,
  { offsets, log: logger, conversationsPerPerson, storage = UNBOUNDED }: StoreCallsOptions,
): StoreCalls {
  const access = createAccess(sqlite);
  const attempts = createAttempts(sqlite);
  const quotas = createQuotas(sqlite, storage);
  const recent = new RecentEntries();
  const places = createPlaces(sqlite);
  const events = createEventWriter(sqlite, { places, recent });
  const reader = createConversationReader(sqlite);
  const corrections = createPushCorrections(sqlite);
  const changes = createChanges(sqlite, { access, corrections, events, quotas });
  const streams = createStreams(sqlite, { access, corrections, events, quotas, reader });
  const remover = createConversationRemover(sqlite, { corrections, events, reader });
  const audit = createAuditLog(sqlite);
  const credentials = createCredentials(sqlite);
  const sessions = createSessions(sqlite, audit);
  const keys = createAgentKeys(sqlite, audit);
  const erasure = createErasure(sqlite, { audit, credentials, quotas, reader, remover, sessions });
  const exports = createExport(sqlite, audit);
  const log = createLog(sqlite, { access, attempts, recent });
  const push = createPush(sqlite, { access, offsets });
  return {
    calls: {
      ...createPeople(sqlite, { audit, credentials, quotas, sessions }),
      ...sessions.calls,
      ...erasure.calls,
      exportUser: exports.readPage,
      ...createAgents(sqlite, { audit, keys }),
      ...createAgentPeople(sqlite, audit),
      ...keys.calls,
      ...createAudit(sqlite, { audit, quotas }),
      ...createConnections(sqlite, { access, credentials, places, sessions }),
      ...createConversations(sqlite, {
        access,
        events,
        quotas,
        reader,
        most: conversationsPerPerson ?? Number.MAX_SAFE_INTEGER,
      }),
      ...createConversationChanges(sqlite, {
        access,
        corrections,
        events,
        quotas,
        reader,
        remover,
      }),
      checkStream: streams.checkStream,
      ...createAppend(sqlite, {
        ...{ access, attempts, events, changes, corrections, places, quotas, recent, streams },
        log: logger,
      }),
      ...log.calls,
      ...push.calls,
      ...createPushBacklog(sqlite, offsets),
      ...corrections.calls,
      ...createPushDevices(sqlite, credentials),
    },
    exports,
    places,
    sources: { log: log.order, pushes: push.sources },
    purge: createPurge(sqlite, { access, erasure, quotas }),
  };
}
