import { describeAgentKeys } from './conformance/agent-keys';
import { describeAgents } from './conformance/agents';
import { describeAppend } from './conformance/append';
import { describeAudit } from './conformance/audit';
import { describeChanges } from './conformance/changes';
import { describeConnections } from './conformance/connections';
import { describeConversationChanges } from './conformance/conversation-changes';
import { describeConversations } from './conformance/conversations';
import { describeDeletion } from './conformance/deletion';
import { describeErasure } from './conformance/erasure';
import { describeExport } from './conformance/export';
import { describeReplay } from './conformance/replay';
import { describeLog } from './conformance/log';
import { describeOffsets } from './conformance/offsets';
import { describePeople } from './conformance/people';
import { describeProperties } from './conformance/properties';
import { describePush } from './conformance/push';
import { describeSessionProperties } from './conformance/session-properties';
import { describeSessions } from './conformance/sessions';
import type { OpenStore } from './conformance/world';

/** What every implementation of Store must do. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name} as a Store`, () => {
    describePeople(open);
    describeSessions(open);
    describeAgents(open);
    describeAgentKeys(open);
    describeAudit(open);
    describeErasure(open);
    describeExport(open);
    describeConnections(open);
    describeConversations(open);
    describeAppend(open);
    describeChanges(open);
    describeConversationChanges(open);
    describeDeletion(open);
    describeLog(open);
    describePush(open);
    describeOffsets(open);
    describeProperties(open);
    describeSessionProperties(open);
    describeReplay(open);
  });
}
