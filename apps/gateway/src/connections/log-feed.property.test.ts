import fc from 'fast-check';
import { eventOf, settled } from '../../tests/fakes';
import { A, B, feedSetup } from '../../tests/feed-setup';

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
  // A message of the peer's own, which nobody else brings: it is sent, and answered.
  { weight: 3, arbitrary: fc.record({ sendIn: conversation }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ack' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fill', 'drain', 'markAll', 'start') }) },
  // In the middle of a page as well.
  { weight: 1, arbitrary: fc.record({ fillAfter: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(
  one: Step,
  { feed, live, lastSeq, append, answer }: ReturnType<typeof feedSetup>,
  acks: (() => void)[],
) {
  if ('back' in one) {
    const seq = (lastSeq.get(one.conversation) ?? 0) - one.back;
    if (seq > 0) feed.offer(eventOf(one.conversation, seq));
  } else if ('sendIn' in one) {
    const [event, done] = [append(one.sendIn), feed.expectOwn()];
    acks.push(() => (feed.offer(event), done()));
  } else if ('fillAfter' in one) live.fillAfter(one.fillAfter);
  else if ('conversation' in one) append(one.conversation);
  else if ('size' in one) answer(one.size, one.index, one.isOld);
  else if (one.do === 'ack') acks.shift()?.();
  else if (one.do === 'fill') live.fill();
  else if (one.do === 'drain') live.drain();
  else if (one.do === 'markAll') for (const id of [A, B]) void feed.markDirty(id);
  else if (one.do === 'start') void feed.start();
  else await settled();
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

test('whatever is lost, repeated, reordered or late: each event is written once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const all = feedSetup();
      const acks: (() => void)[] = [];
      for (const one of steps) {
        await take(one, all, acks);
        for (const id of [A, B]) {
          const seqs = all.seqs(id);
          expect(seqs).toEqual(upTo(seqs.length));
        }
      }
      // Nothing comes any more but one last event of each conversation.
      all.live.fillAfter(Infinity);
      all.live.drain();
      void all.feed.start();
      for (const ack of acks) ack();
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
        const all = feedSetup();
        const acks: (() => void)[] = [];
        void all.feed.start();
        for (const one of before) await take(one, all, acks);
        all.connection.ended();
        const events = all.live.events.length;
        for (const one of after) await take(one, all, acks);
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
