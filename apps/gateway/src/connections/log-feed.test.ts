import type { CallRequest, CallResponse, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import fc from 'fast-check';
import pLimit from 'p-limit';
import type { Deferred } from '../../tests/fakes';
import { connectionOf, deferred, eventOf, loggerOf, settled } from '../../tests/fakes';
import { LogFeed } from './log-feed';

type ReadRequest = CallRequest<typeof messagesCalls, 'readLog'>;
type Page = CallResponse<typeof messagesCalls, 'readLog'>;

interface Read extends Deferred<Page> {
  request: ReadRequest;
  /** Of the conversation's log when the read was asked for. */
  lastSeq: number;
}

const A = 'cnv_a';
const B = 'cnv_b';

/** A feed over a log whose reads are answered by hand. */
function setup({ delivered = 0 } = {}) {
  const { connection, live } = connectionOf();
  const { log, lines } = loggerOf();
  const lastSeq = new Map([
    [A, delivered],
    [B, delivered],
  ]);
  const reads: Read[] = [];
  let written = 0;
  const feed = new LogFeed({
    connection,
    limit: pLimit(2),
    stallMs: 30_000,
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
    answer(size = 200, index = 0, isOld = false) {
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
      });
    },
  };
}

test('nothing is written before the start; what arrived is read then', async () => {
  const { feed, append, answer, live, reads, seqs } = setup({ delivered: 3 });
  feed.offer(append());
  void feed.markDirty(A);
  await settled();
  expect(live.sent).toEqual([]);
  expect(reads).toEqual([]);

  const started = feed.start();
  await settled();
  answer();
  await started;
  expect(seqs()).toEqual([4]);
});

test('without a cursor the log is read from what is delivered, and live events follow without a read', async () => {
  const { feed, append, answer, reads, seqs, written, connection } = setup({ delivered: 7 });
  await feed.start();
  feed.offer(append());
  await settled();
  expect(reads.map(({ request }) => request)).toEqual([
    {
      identity_id: connection.identity.id,
      epoch: connection.epoch,
      conversation_id: A,
      after_seq: null,
      limit: 200,
    },
  ]);
  answer();
  await settled();
  feed.offer(append());
  feed.offer(append());
  expect(seqs()).toEqual([8, 9, 10]);
  expect(reads).toEqual([]);
  expect(written()).toBe(3);
});

test('repeats are dropped, a gap is read from the cursor', async () => {
  const { feed, append, answer, reads, seqs } = setup();
  await feed.start();
  const first = append();
  feed.offer(first);
  await settled();
  answer();
  await settled();
  feed.offer(first);
  append();
  feed.offer(append());
  await settled();
  expect(seqs()).toEqual([1]);
  expect(reads.map(({ request }) => request.after_seq)).toEqual([1]);
  answer();
  await settled();
  expect(seqs()).toEqual([1, 2, 3]);
});

test('an event that arrives during a read makes it read again', async () => {
  const { feed, append, answer, reads, seqs } = setup();
  await feed.start();
  feed.offer(append());
  await settled();
  answer();
  feed.offer(append());
  await settled();
  expect(seqs()).toEqual([1]);
  expect(reads).toHaveLength(1);
  answer();
  await settled();
  expect(seqs()).toEqual([1, 2]);
  expect(reads).toEqual([]);
});

test('pages are read until one comes back short', async () => {
  const { feed, append, answer, seqs } = setup();
  await feed.start();
  for (let i = 0; i < 5; i += 1) append();
  const clean = feed.markDirty(A);
  for (let i = 0; i < 3; i += 1) {
    await settled();
    answer(2);
  }
  await clean;
  expect(seqs()).toEqual([1, 2, 3, 4, 5]);
});

test('one conversation does not wait for another', async () => {
  const { feed, append, answer, seqs } = setup();
  await feed.start();
  feed.offer(append(A));
  feed.offer(append(B));
  await settled();
  answer(200, 1);
  await settled();
  expect(seqs(B)).toEqual([1]);
  expect(seqs(A)).toEqual([]);
});

test('not_found ends the reading, and a later event begins anew', async () => {
  const { feed, append, answer, reads, seqs, connection, lines } = setup();
  await feed.start();
  const clean = feed.markDirty(A);
  await settled();
  reads.shift()?.reject(new AppError('not_found', 'There is nothing here'));
  await clean;
  expect(connection.isCurrent).toBe(true);
  feed.offer(append());
  await settled();
  expect(reads[0]?.request.after_seq).toBeNull();
  answer();
  await settled();
  expect(seqs()).toEqual([1]);
  expect(lines).toEqual([]);
});

test('replaced closes the connection', async () => {
  const { feed, reads, live } = setup();
  await feed.start();
  const clean = feed.markDirty(A);
  await settled();
  reads.shift()?.reject(new AppError('replaced', 'There is a newer one'));
  await clean;
  expect(live.sent).toEqual([{ name: 'replaced', payload: {} }]);
  expect(live.closes).toEqual(['stay_away']);
});

test.each([
  ['unavailable', new AppError('unavailable', 'The store is away'), 0],
  ['an unexpected error', new TypeError('a bug'), 1],
])('%s is tried again', async (_what, error, logged) => {
  const { feed, append, answer, reads, seqs, lines } = setup();
  await feed.start();
  append();
  const clean = feed.markDirty(A);
  await settled();
  reads.shift()?.reject(error);
  await waitFor(() => reads.length === 1, { intervalMs: 5 });
  answer();
  await clean;
  expect(seqs()).toEqual([1]);
  expect(lines).toHaveLength(logged);
});

test('above the high-water mark nothing is written until it has drained', async () => {
  const { feed, append, answer, reads, seqs, live } = setup();
  await feed.start();
  feed.offer(append());
  await settled();
  answer();
  await settled();
  live.fill();
  feed.offer(append());
  feed.offer(append());
  await settled();
  expect(reads).toEqual([]);
  expect(seqs()).toEqual([1]);
  live.drain();
  await settled();
  answer();
  await settled();
  expect(seqs()).toEqual([1, 2, 3]);
});

test('a reader that does not drain is closed as slow_consumer', async () => {
  const { feed, append, live, connection, reads } = setup();
  await feed.start();
  live.fill();
  feed.offer(append());
  await settled();
  live.stall();
  await settled();
  expect(live.sent).toEqual([
    { name: 'closing', payload: { code: 'slow_consumer', reconnect: true } },
  ]);
  expect(live.closes).toEqual(['terminate']);
  expect(connection.isCurrent).toBe(false);
  expect(reads).toEqual([]);
});

test('what the store answers past the end of the connection is not written', async () => {
  const { feed, append, answer, connection, live } = setup();
  await feed.start();
  feed.offer(append());
  await settled();
  connection.close('lease_lost');
  answer();
  await settled();
  feed.offer(append());
  await settled();
  expect(live.events).toEqual([]);
});

const conversation = fc.constantFrom(A, B);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), conversation }) },
  // A live frame of whatever is in the log: lost when it is never chosen, repeated or reordered when it is.
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('offer' as const), conversation, back: fc.nat(3) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      size: fc.integer({ min: 1, max: 3 }),
      index: fc.nat(3),
      isOld: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fill', 'drain', 'markAll', 'start') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(one: Step, { feed, live, lastSeq, append, answer }: ReturnType<typeof setup>) {
  if ('back' in one) {
    const seq = (lastSeq.get(one.conversation) ?? 0) - one.back;
    if (seq > 0) feed.offer(eventOf(one.conversation, seq));
  } else if ('conversation' in one) append(one.conversation);
  else if ('size' in one) answer(one.size, one.index, one.isOld);
  else if (one.do === 'fill') live.fill();
  else if (one.do === 'drain') live.drain();
  else if (one.do === 'markAll') void feed.markAllDirty();
  else if (one.do === 'start') void feed.start();
  else await settled();
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

test('whatever is lost, repeated, reordered or late: each event is written once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const all = setup();
      for (const one of steps) {
        await take(one, all);
        for (const id of [A, B]) {
          const seqs = all.seqs(id);
          expect(seqs).toEqual(upTo(seqs.length));
        }
      }
      // Nothing comes any more but one last event of each conversation.
      all.live.drain();
      void all.feed.start();
      for (const id of [A, B]) all.feed.offer(all.append(id));
      await settled();
      while (all.reads.length > 0) {
        all.answer();
        await settled();
      }
      for (const id of [A, B]) expect(all.seqs(id)).toEqual(upTo(all.lastSeq.get(id) ?? 0));
    }),
    { numRuns: 300 },
  );
});

test('whenever the connection ends, nothing is written after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.array(step, { maxLength: 40 }),
      async (before, after) => {
        const all = setup();
        void all.feed.start();
        for (const one of before) await take(one, all);
        all.connection.ended();
        const events = all.live.events.length;
        for (const one of after) await take(one, all);
        all.live.drain();
        while (all.reads.length > 0) {
          all.answer();
          await settled();
        }
        expect(all.live.events).toHaveLength(events);
      },
    ),
    { numRuns: 200 },
  );
});
