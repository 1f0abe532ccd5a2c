import { describeAppend } from './conformance/append';
import { describeChanges } from './conformance/changes';
import { describeConnections } from './conformance/connections';
import { describeConversationChanges } from './conformance/conversation-changes';
import { describeConversations } from './conformance/conversations';
import { describeDeletion } from './conformance/deletion';
import { describeReplay } from './conformance/replay';
import { describeLog } from './conformance/log';
import { describeOffsets } from './conformance/offsets';
import { describePeople } from './conformance/people';
import { describeProperties } from './conformance/properties';
import { describePush } from './conformance/push';
import type { OpenStore } from './conformance/world';

/** What every implementation of Store must do. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name} as a Store`, () => {
    describePeople(open);
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
    describeReplay(open);
  });
}
