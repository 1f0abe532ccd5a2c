import type { Logger } from '@agent-messenger/service-kit';
import type { Store } from '../store';
import { createAgentKeys } from './accounts/agent-keys';
import { createAgentPeople } from './accounts/agent-people';
import { createAgents } from './accounts/agents';
import { createCredentials } from './accounts/credentials';
import { createErasure } from './accounts/erasure';
import { createExport } from './accounts/export';
import { createPeople } from './accounts/people';
import { createSessions } from './accounts/sessions';
import { createAppend } from './append/append';
import { createAttempts } from './append/attempts';
import { createCarryOut } from './append/carry-out';
import { createCheckStream } from './append/check-stream';
import { createAudit, createAuditLog } from './audit';
import { createCommitCheck } from './commit-check';
import { createConnections } from './connections';
import { createConversationChanges } from './conversations/conversation-changes';
import { createConversations } from './conversations/conversations';
import { createListConversations } from './conversations/list-conversations';
import { createAccess } from './log/access';
import { createLog } from './log/log';
import { createRelayEntries } from './log/relay-entries';
import type { OutboxFeed } from './outbox/outbox-feed';
import type { Postgres } from './postgres';
import { createPurge } from './purge';
import { createDuePushes } from './push/due-pushes';
import { createPushBacklog } from './push/push-backlog';
import { createAnnouncedPush } from './push/push-config';
import { createPushCorrections } from './push/push-corrections';
import { createPushDevices } from './push/push-devices';
import { createPushState } from './push/push-state';
import type { Quotas } from './quotas';

interface StoreCallsOptions {
  feed: OutboxFeed;
  log: Logger;
  /** More are a `conflict`; unbounded without it. */
  conversationsPerPerson?: number | undefined;
  quotas: Quotas;
}

/** All calls, reads not yet in turn. */
export type StoreCalls = Partial<Omit<Store, 'logId' | 'readJson' | 'close'>>;

export function createStoreCalls(
  postgres: Postgres,
  { feed, log, quotas, conversationsPerPerson }: StoreCallsOptions,
): StoreCalls {
  const access = createAccess(postgres);
  const credentials = createCredentials(postgres);
  const audit = createAuditLog();
  const sessions = createSessions(postgres, audit);
  const keys = createAgentKeys(postgres, audit);
  const announced = createAnnouncedPush(postgres);
  const corrections = createPushCorrections(postgres);
  const erasure = createErasure(postgres, { audit, corrections, credentials, quotas, sessions });
  const carryOut = createCarryOut(postgres, { access, quotas, log });
  const most = conversationsPerPerson ?? Number.MAX_SAFE_INTEGER;
  return {
    ...createPeople(postgres, { audit, credentials, quotas, sessions }),
    ...sessions.calls,
    ...erasure.calls,
    ...createExport(postgres, audit),
    ...createAgents(postgres, { audit, keys }),
    ...createAgentPeople(postgres, audit),
    ...keys.calls,
    ...createAudit(postgres, { audit, quotas }),
    ...createConnections(postgres, { access, credentials, sessions }),
    ...createConversations(postgres, { access, quotas, most }),
    ...createListConversations(postgres),
    ...createConversationChanges(postgres, { access, corrections, quotas }),
    ...createCheckStream(postgres, access),
    ...createAppend(postgres, carryOut),
    ...createAttempts(postgres, { access, carryOut }),
    ...createLog(postgres, access),
    ...createRelayEntries(postgres, feed),
    ...createDuePushes(postgres, { feed, announced }),
    ...announced.calls,
    ...createPushState(postgres, access),
    ...createPushBacklog(postgres),
    ...corrections.calls,
    ...createPushDevices(postgres, credentials),
    ...createPurge(postgres, { access, erasure, quotas }),
    ...createCommitCheck(postgres),
    lagOf: feed.lagOf,
  };
}
