import { describeAppend } from './conformance/append';
import { describeConnections } from './conformance/connections';
import { describeConversations } from './conformance/conversations';
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
    describeLog(open);
    describePush(open);
    describeOffsets(open);
    describeProperties(open);
  });
}
