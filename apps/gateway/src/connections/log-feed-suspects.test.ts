import type { Event } from '@agent-messenger/contracts';
import { eventOf, settled } from '../../tests/fakes';
import { A, B, feedSetup } from '../../tests/feed-setup';

describe('suspects', () => {
  /** A conversation of three events, the first two of which were under way when earlier connections broke. */
  async function suspected() {
    const all = feedSetup();
    await all.feed.start();
    for (let n = 0; n < 3; n += 1) all.append();
    const written = all.feed.markDirty(A);
    await settled();
    all.answer(200, 0, false, { attempts: 2, until_seq: 2 });
    // What waits for all that is undelivered does not wait for it.
    await written;
    return all;
  }

  test('are written after the others, when those are dealt with, and one event at a time', async () => {
    const { feed, append, answer, reads, seqs } = await suspected();
    feed.offer(append(B));
    await settled();
    answer();
    await settled();
    feed.releaseSuspects();
    await settled();
    expect([seqs(A), seqs(B)]).toEqual([[], [1]]);
    expect(reads).toEqual([]);
    expect(feed.underWay()).toEqual([{ conversation_id: B, seq: 1 }]);

    feed.received(B, 1);
    await settled();
    expect(reads.map(({ request }) => request.limit)).toEqual([1]);
    answer(1);
    await settled();
    expect([seqs(A), reads]).toEqual([[1], []]);
    expect(feed.underWay()).toEqual([{ conversation_id: A, seq: 1 }]);

    feed.received(A, 1);
    await settled();
    answer(1);
    await settled();
    expect([seqs(A), reads]).toEqual([[1, 2], []]);
    feed.received(A, 2);
    await settled();
    answer();
    await settled();
    feed.offer(append(A));
    expect(seqs(A)).toEqual([1, 2, 3, 4]);
  });

  test('what cannot have broken a connection is not waited for', async () => {
    const { feed, reads, seqs } = await suspected();
    feed.releaseSuspects();
    const events = [
      { ...eventOf(A, 1), type: 'conversation.created' } as Event,
      eventOf(A, 2, 'its own', 'usr_1'),
      eventOf(A, 3),
    ];
    for (const [index, event] of events.entries()) {
      await settled();
      const [read] = reads.splice(0);
      read?.resolve({
        ...{ after_seq: index, events: [event], has_more: index < 2, last_seq: 3, log_id: 'log' },
      });
    }
    await settled();
    expect([seqs(A), reads]).toEqual([[1, 2, 3], []]);
    expect(feed.underWay()).toEqual([{ conversation_id: A, seq: 3 }]);
  });

  test('what is its own leaves nothing to wait for', async () => {
    const { feed, append, answer, reads, seqs } = await suspected();
    // Another conversation, in which the agent has said something itself.
    feed.offer(append(B));
    await settled();
    answer();
    await settled();
    feed.received(B, 1);
    append(B);
    feed.offer(eventOf(B, 2, 'its own', 'usr_1'));
    expect([seqs(B), feed.underWay()]).toEqual([[1, 2], []]);
    feed.releaseSuspects();
    await settled();
    answer(1);
    await settled();
    feed.received(A, 1);
    await settled();
    const [read] = reads.splice(0);
    read?.resolve({
      events: [eventOf(A, 2, 'its own', 'usr_1')],
      ...{ after_seq: 1, has_more: false, last_seq: 2, log_id: 'log' },
    });
    await settled();
    expect(seqs(A)).toEqual([1, 2]);
    // From here on a conversation as any other.
    expect(reads.map(({ request }) => request.limit)).toEqual([200]);
  });

  test('wait for each other, those with fewer attempts first', async () => {
    const { feed, append, answer, reads } = await suspected();
    append(B);
    void feed.markDirty(B);
    await settled();
    answer(200, 0, false, { attempts: 1, until_seq: 1 });
    await settled();
    feed.releaseSuspects();
    await settled();
    expect(reads.map(({ request }) => request.conversation_id)).toEqual([B]);
    answer(1);
    await settled();
    expect(reads).toEqual([]);
    feed.received(B, 1);
    await settled();
    expect(reads.map(({ request }) => request.conversation_id)).toContain(A);
  });

  test('live events of theirs do not get ahead', async () => {
    const { feed, append, reads, seqs } = await suspected();
    feed.offer(append(A));
    await settled();
    expect([seqs(A), reads]).toEqual([[], []]);
  });
});
