import { describeAgentKeys } from '../conformance/agent-keys';
import { describeAgentPeople } from '../conformance/agent-people';
import { describeAgents } from '../conformance/agents';
import { describeAppend } from '../conformance/append';
import { describeAttempts } from '../conformance/attempts';
import { describeAudit } from '../conformance/audit';
import { describeChanges } from '../conformance/changes';
import { describeChoices } from '../conformance/choices';
import { describeConnections } from '../conformance/connections';
import { describeConversationChanges } from '../conformance/conversation-changes';
import { describeConversations } from '../conformance/conversations';
import { describeDeletion } from '../conformance/deletion';
import { describeErasure } from '../conformance/erasure';
import { describeExport } from '../conformance/export';
import { describeFailedMessages } from '../conformance/failed-messages';
import { describeLogout } from '../conformance/logout';
import { describePeople } from '../conformance/people';
import { describeProperties } from '../conformance/properties';
import { describePushCorrections } from '../conformance/push-corrections';
import { describeReplay } from '../conformance/replay';
import { describeSessionCap } from '../conformance/session-cap';
import { describeSessionProperties } from '../conformance/session-properties';
import { describeSessionRefresh } from '../conformance/session-refresh';
import { describeSessions } from '../conformance/sessions';
import { describeStreams } from '../conformance/streams';
import type { OpenStore } from '../conformance/world';
import { inTurn } from './in-turn';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

/**
 * All of the suite but what is of one replica's own commits: which part of the log consumers are given next, and in
 * which order (consumers, log, push), and what was stored in the last second (quotas). What replicas share of the log
 * is in replicas.test.ts.
 */
const SUITES: ((open: OpenStore) => void)[] = [
  describePeople,
  describeSessions,
  describeSessionRefresh,
  describeSessionCap,
  describeLogout,
  describeAgents,
  describeAgentPeople,
  describeAgentKeys,
  describeAudit,
  describeErasure,
  describeExport,
  describeConnections,
  describeConversations,
  describeAppend,
  describeAttempts,
  describeChanges,
  describeChoices,
  describeFailedMessages,
  describeStreams,
  describeConversationChanges,
  describeDeletion,
  describePushCorrections,
  describeProperties,
  describeSessionProperties,
  describeReplay,
];

describe('two PostgresStores, each for every other call, as a Store', () => {
  for (const describeSome of SUITES) {
    describeSome(async (options) => {
      const url = await databases.createOrEmpty();
      return inTurn([
        await databases.open({ ...options, url }),
        await databases.open({ ...options, url }),
      ]);
    });
  }
});
