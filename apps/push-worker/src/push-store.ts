import { MOST_PUSHES, type Client, type messagesCalls } from '@agent-messenger/contracts';
import type { Tracing } from '@agent-messenger/service-kit';
import { inBatches } from './in-batches';

type Messages = Client<typeof messagesCalls>;
export type PushStore = Pick<
  Messages,
  'pushState' | 'markPushed' | 'holdPush' | 'releasePush' | 'dropPushToken'
>;

/** While one is answered the next is on its way. */
const READS = { most: MOST_PUSHES, atOnce: 2 };
/** Each of them is a commit, which what comes meanwhile shares. */
const MARKS = { most: MOST_PUSHES, atOnce: 1 };

/** The store as the jobs of a worker ask it, one by one: what all of them do each time goes together. */
export function pushStore(messages: Messages, tracing: Tracing | undefined): PushStore {
  // A batch is part of many traces.
  const apart = <T>(ask: () => T): T => (tracing ? tracing.detached(ask) : ask());
  return {
    ...messages,
    pushState: inBatches(async (targets) => {
      const { states } = await apart(() => messages.pushStates({ targets }));
      return states;
    }, READS),
    markPushed: inBatches(async (marks) => {
      await apart(() => messages.markAllPushed({ marks }));
      return marks.map(() => ({}));
    }, MARKS),
  };
}
