import { describeAgentKeys } from './conformance/agent-keys';
import { describeAgentPeople } from './conformance/agent-people';
import { describeAgents } from './conformance/agents';
import { describeAppend } from './conformance/append';
import { describeAttempts } from './conformance/attempts';
import { describeAudit } from './conformance/audit';
import { describeChanges } from './conformance/changes';
import { describeChoices } from './conformance/choices';
import { describeConsumers } from './conformance/consumers';
import { describeConnections } from './conformance/connections';
import { describeConversationChanges } from './conformance/conversation-changes';
import { describeConversations } from './conformance/conversations';
import { describeDeletion } from './conformance/deletion';
import { describeErasure } from './conformance/erasure';
import { describeExport } from './conformance/export';
import { describeFailedMessages } from './conformance/failed-messages';
import { describeReplay } from './conformance/replay';
import { describeLog } from './conformance/log';
import { describePeople } from './conformance/people';
import { describeProperties } from './conformance/properties';
import { describeQuotas } from './conformance/quotas';
import { describePush } from './conformance/push';
import { describePushCorrections } from './conformance/push-corrections';
import { describeSessionProperties } from './conformance/session-properties';
import { describeSessions } from './conformance/sessions';
import { describeStreams } from './conformance/streams';
import type { OpenStore } from './conformance/world';

/** What every implementation of Store must do. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name} as a Store`, () => {
    describePeople(open);
    describeSessions(open);
    describeAgents(open);
    describeAgentPeople(open);
    describeAgentKeys(open);
    describeAudit(open);
    describeErasure(open);
    describeExport(open);
    describeConnections(open);
    describeConversations(open);
    describeAppend(open);
    describeAttempts(open);
    describeChanges(open);
    describeChoices(open);
    describeFailedMessages(open);
    describeStreams(open);
    describeConversationChanges(open);
    describeDeletion(open);
    describeLog(open);
    describePush(open);
    describePushCorrections(open);
    describeQuotas(open);
    describeConsumers(open);
    describeProperties(open);
    describeSessionProperties(open);
    describeReplay(open);
  });
}
