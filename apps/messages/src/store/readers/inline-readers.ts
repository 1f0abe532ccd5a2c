import { JsonAnswer } from '@agent-messenger/service-kit';
import type { Reads } from './read-calls';
import type { Readers } from './readers';

/** On the event loop, at once. */
export function createInlineReaders(reads: Reads): Readers {
  return {
    async run(call, request) {
      return JsonAnswer.of(await reads[call](request));
    },
    async exclusive(work) {
      return work();
    },
    waiting: () => 0,
    async close() {},
  };
}
