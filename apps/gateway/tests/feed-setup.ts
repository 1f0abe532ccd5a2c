import type {
  CallRequest,
  CallResponse,
  ClientWishes,
  messagesCalls,
} from '@agent-messenger/contracts';
import pLimit from 'p-limit';
import { LogFeed } from '../src/connections/log-feed';
import type { Deferred } from './fakes';
import { connectionOf, deferred, eventOf, loggerOf } from './fakes';

type ReadRequest = CallRequest<typeof messagesCalls, 'readLog'>;
type Page = CallResponse<typeof messagesCalls, 'readLog'>;

interface Read extends Deferred<Page> {
  request: ReadRequest;
  /** Of the conversation's log when the read was asked for. */
  lastSeq: number;
}

export const A = 'cnv_a';
export const B = 'cnv_b';

/** A feed over a log whose reads are answered by hand. */
export function feedSetup({
  delivered = 0,
  wishes = {},
}: { delivered?: number; wishes?: ClientWishes } = {}) {
  const { connection, live } = connectionOf({ wishes });
  const { log, lines } = loggerOf();
  const lastSeq = new Map([
    [A, delivered],
    [B, delivered],
  ]);
  const reads: Read[] = [];
  let written = 0;
  const feed = new LogFeed(connection, {
    limit: pLimit(2),
    log,
    onWritten: () => (written += 1),
    readLog(request) {
      const page = deferred<Page>();
      reads.push({
        ...page,
        request: request as ReadRequest,
        lastSeq: lastSeq.get(request.conversation_id) ?? 0,
      });
      return page.promise;
    },
  });
  return {
    connection,
    live,
    feed,
    lastSeq,
    lines,
    reads,
    written: () => written,
    seqs: (conversation = A) =>
      live.events.flatMap((event) => (event.conversation_id === conversation ? [event.seq] : [])),
    append(conversation = A) {
      const seq = (lastSeq.get(conversation) ?? 0) + 1;
      lastSeq.set(conversation, seq);
      return eventOf(conversation, seq);
    },
    /**
     * Answers the oldest read, or the one asked for, with a page of this size: of the log as it is now, or as it
     * was when the read was asked for.
     */
    answer(size = 200, index = 0, isOld = false, suspect?: Page['suspect']) {
      const [read] = reads.splice(index % Math.max(reads.length, 1), 1);
      if (!read) return;
      const { conversation_id, after_seq } = read.request;
      const after = after_seq ?? delivered;
      const last = isOld ? read.lastSeq : (lastSeq.get(conversation_id) ?? 0);
      const count = Math.min(size, last - after);
      read.resolve({
        after_seq: after,
        events: Array.from({ length: count }, (_, i) => eventOf(conversation_id, after + 1 + i)),
        has_more: after + count < last,
        last_seq: last,
        log_id: 'log',
        ...(suspect && { suspect }),
      });
    },
  };
}
