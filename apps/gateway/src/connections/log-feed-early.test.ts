import type { Event } from '@agent-messenger/contracts';
import { eventOf, settled } from '../../tests/fakes';
import { A, feedSetup } from '../../tests/feed-setup';

describe('where messages of its own come with their acks and all others by the relay', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] }));
  afterEach(() => void jest.useRealTimers());

  async function caughtUp() {
    const all = feedSetup();
    await all.feed.start();
    all.feed.offer(all.append());
    await settled();
    all.answer();
    await settled();
    return all;
  }

  test.each([
    ['its own comes first', [3, 5, 2, 4]],
    ["the other's comes first", [5, 4, 3, 2]],
    ['one comes twice', [4, 4, 3, 5, 2]],
  ])('what was committed before is waited for, without a read: %s', async (_, order) => {
    const { feed, append, reads, seqs } = await caughtUp();
    const events = new Map([2, 3, 4, 5].map((seq) => [seq, append()]));
    const done = feed.expectOwn();
    for (const seq of order) feed.offer(events.get(seq) as Event);
    done();
    expect(seqs()).toEqual([1, 2, 3, 4, 5]);
    jest.advanceTimersByTime(1_000);
    await settled();
    expect(reads).toEqual([]);
  });

  test('nothing is waited for when it has sent nothing', async () => {
    const { feed, append, reads } = await caughtUp();
    feed.expectOwn()();
    append();
    feed.offer(append());
    await settled();
    expect(reads).toHaveLength(1);
  });

  test('the log is read when what was committed before does not come', async () => {
    const { feed, append, answer, reads, seqs } = await caughtUp();
    feed.expectOwn();
    append();
    feed.offer(append());
    jest.advanceTimersByTime(499);
    await settled();
    expect(reads).toEqual([]);
    jest.advanceTimersByTime(1);
    await settled();
    answer();
    await settled();
    expect(seqs()).toEqual([1, 2, 3]);
    feed.offer(append());
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  test('the log is read when too many wait already, or too much', async () => {
    const { feed, append, answer, reads, seqs } = await caughtUp();
    feed.expectOwn();
    append();
    for (let n = 0; n < 32; n += 1) feed.offer(append());
    await settled();
    expect(reads).toEqual([]);
    feed.offer(append());
    await settled();
    expect(reads).toHaveLength(1);
    answer();
    await settled();
    expect(seqs()).toEqual(Array.from({ length: 35 }, (_, n) => n + 1));

    append();
    feed.offer(eventOf(A, append().seq, 'x'.repeat(64 * 1024)));
    await settled();
    expect(reads).toEqual([]);
    feed.offer(eventOf(A, append().seq, 'x'));
    await settled();
    expect(reads).toHaveLength(1);
  });

  test('nothing is waited for when the connection has ended', async () => {
    const { feed, append, reads } = await caughtUp();
    feed.expectOwn();
    append();
    feed.offer(append());
    feed.stop();
    jest.advanceTimersByTime(1_000);
    await settled();
    expect(reads).toEqual([]);
  });
});
