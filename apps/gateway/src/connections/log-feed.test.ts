import type { Event } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { settled } from '../../tests/fakes';
import { A, B, feedSetup } from '../../tests/feed-setup';
import { HIGH_WATER_BYTES } from './connection';

test('nothing is written before the start; what arrived is read then', async () => {
  const { feed, append, answer, live, reads, seqs } = feedSetup({ delivered: 3 });
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
  const { feed, append, answer, reads, seqs, written, connection } = feedSetup({ delivered: 7 });
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
      max_bytes: HIGH_WATER_BYTES,
      compact: false,
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
  const { feed, append, answer, reads, seqs } = feedSetup();
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
  const { feed, append, answer, reads, seqs } = feedSetup();
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
  const { feed, append, answer, seqs } = feedSetup();
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
  const { feed, append, answer, seqs } = feedSetup();
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
  const { feed, append, answer, reads, seqs, connection, lines } = feedSetup();
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
  const { feed, reads, live } = feedSetup();
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
  const { feed, append, answer, reads, seqs, lines } = feedSetup();
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
  const { feed, append, answer, reads, seqs, live } = feedSetup();
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

test('of a page only what there is room for is written; the rest is not kept but read again', async () => {
  const { feed, append, answer, reads, seqs, live } = feedSetup();
  await feed.start();
  for (let i = 0; i < 5; i += 1) append();
  const clean = feed.markDirty(A);
  await settled();
  live.fillAfter(2);
  answer();
  await settled();
  expect(seqs()).toEqual([1, 2]);
  expect(reads).toEqual([]);
  live.drain();
  await settled();
  expect(reads.map(({ request }) => request.after_seq)).toEqual([2]);
  answer();
  await clean;
  expect(seqs()).toEqual([1, 2, 3, 4, 5]);
});

test('a page is asked for that fits into the room that is left, or one event', async () => {
  const { feed, append, answer, reads, live } = feedSetup();
  await feed.start();
  const asked: (number | undefined)[] = [];
  for (const bytes of [1_000, HIGH_WATER_BYTES]) {
    live.fill(bytes);
    // Over a gap, so that it is read.
    append();
    feed.offer(append());
    await settled();
    asked.push(reads[0]?.request.max_bytes);
    answer();
    await settled();
  }
  expect(asked).toEqual([HIGH_WATER_BYTES - 1_000, 1]);
});

test('a reader that does not drain is closed as slow_consumer', async () => {
  const { feed, append, live, connection, reads } = feedSetup();
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
  const { feed, append, answer, connection, live } = feedSetup();
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

test.each(['tells what it has taken', 'never does'])(
  'of conversations that ended no positions are kept for who %s, beyond those that may still be repeated',
  async (who) => {
    const tells = who !== 'never does';
    const { feed, lastSeq, reads, answer, live } = feedSetup();
    if (tells) feed.received(A, 0);
    await feed.start();
    const endOf = (id: string): Event => ({
      conversation_id: id,
      seq: 2,
      type: 'conversation.deleted',
      actor: { kind: 'user', id: 'usr_1' },
      at: '2026-01-01T00:00:00.000Z',
      conversation: { id, title: null, created_at: '2026-01-01T00:00:00.000Z', members: [] },
    });
    const ids = Array.from({ length: 300 }, (_, n) => `cnv_${n}`);
    for (const id of ids) {
      lastSeq.set(id, 1);
      const caughtUp = feed.markDirty(id);
      await settled();
      answer();
      await caughtUp;
      feed.offer(endOf(id));
    }
    if (tells) {
      // Nothing goes that the client has not taken.
      expect(feed.size).toBe(300);
      expect(feed.underWay()).toHaveLength(300);
      for (const id of ids) feed.received(id, 2);
      expect(feed.underWay()).toEqual([]);
    }
    expect(feed.size).toBe(100);

    const written = live.events.length;
    feed.offer(endOf('cnv_299'));
    await settled();
    expect([live.events.length, reads.length]).toEqual([written, 0]);
  },
);

describe('live reactions, which come without their message', () => {
  const reactionOf = (seq: number): Event => ({
    conversation_id: A,
    seq,
    type: 'reaction.set',
    actor: { kind: 'user', id: 'usr_1' },
    at: '2026-01-01T00:00:00.000Z',
    reaction: { message_id: 'msg_1', emoji: '👍', identity_id: 'usr_1', set: true },
  });

  test('go as they are to who said compact', async () => {
    const setup = feedSetup({ delivered: 3, wishes: { compact: 1 } });
    const started = setup.feed.start();
    setup.feed.offer(setup.append());
    await waitFor(() => setup.reads.length === 1);
    setup.answer();
    await started;
    await waitFor(() => setup.seqs().length === 1);
    setup.feed.offer(reactionOf(5));
    expect(setup.live.events.at(-1)).toEqual(reactionOf(5));
    expect(setup.reads).toEqual([]);
  });

  test('are read from the log for who expects the message', async () => {
    const setup = feedSetup({ delivered: 3 });
    void setup.feed.start();
    setup.feed.offer(setup.append());
    await waitFor(() => setup.reads.length === 1);
    setup.answer();
    await waitFor(() => setup.seqs().length === 1);
    setup.append();
    setup.feed.offer(reactionOf(5));
    await waitFor(() => setup.reads.length === 1);
    expect(setup.reads[0]?.request).toMatchObject({ after_seq: 4, compact: false });
    setup.answer();
    await waitFor(() => setup.seqs().join() === '4,5');
  });
});

test('who waits for what is there does not wait for what comes meanwhile', async () => {
  const { feed, append, answer, reads, seqs } = feedSetup();
  await feed.start();
  append();
  let isCaughtUp = false;
  const caughtUp = feed.markDirty(A).then(() => (isCaughtUp = true));
  await settled();
  // More than fits into each page, for as long as anybody looks.
  for (let page = 0; page < 3; page += 1) {
    feed.offer(append());
    answer(1);
    await settled();
  }
  expect(isCaughtUp).toBe(true);
  await caughtUp;
  while (reads.length > 0) {
    answer();
    await settled();
  }
  expect(seqs()).toEqual([1, 2, 3, 4]);
});

test('what the page under way brings, or has been written, is not read again', async () => {
  const { feed, append, answer, reads, seqs } = feedSetup();
  await feed.start();
  const first = append();
  feed.offer(first);
  await settled();
  answer();
  await settled();
  append();
  const third = append();
  feed.offer(third);
  await settled();
  feed.offer(first);
  feed.offer(third);
  answer();
  await settled();
  expect(reads).toEqual([]);
  expect(seqs()).toEqual([1, 2, 3]);
});

test('a conversation that is known to be written to its end is not read', async () => {
  const { feed, append, answer, reads } = feedSetup();
  await feed.start();
  feed.offer(append());
  await settled();
  answer();
  await settled();
  await feed.markBehind(A, 1);
  expect(reads).toEqual([]);
  void feed.markBehind(A, 2);
  void feed.markBehind(B, 1);
  await settled();
  expect(reads.map(({ request }) => request.conversation_id)).toEqual([A, B]);
});
