import {
  MessengerError,
  type Client,
  type Event,
  type HistoryOptions,
  type Message,
} from '@agent-messenger/sdk/browser';
import { Thread } from './thread';

const NOTHING_KEPT = {
  get: () => Promise.resolve(undefined),
  set: () => Promise.resolve(),
  delete: () => Promise.resolve(),
};

/** A conversation as a server has it, and a thread of it. */
function scene(count: number) {
  const log = Array.from({ length: count }, (_, n) => messageOf(n + 1));
  /** Called when a page was read and before it is answered. */
  let onRead = () => {};
  const history = async ({ before_seq, after_seq = 0, limit = 50 }: HistoryOptions) => {
    const found = log.filter(({ seq }) => seq < (before_seq ?? Infinity) && seq > after_seq);
    const messages = after_seq > 0 ? found.slice(0, limit) : found.slice(-limit);
    onRead();
    return Promise.resolve({ messages, has_more: found.length > messages.length });
  };
  const client = { conversation: () => ({ history }) } as unknown as Client;
  const thread = new Thread('cnv_1', NOTHING_KEPT, () => client);
  const write = () => {
    const message = messageOf(log.length + 1);
    log.push(message);
    thread.apply({ type: 'message.created', conversation_id: 'cnv_1', message } as Event);
  };
  const seqs = () => thread.messages.value.map(({ seq }) => seq);
  return { thread, write, seqs, whileReading: (then: () => void) => (onRead = then) };
}

afterEach(() => {
  jest.useRealTimers();
});

function messageOf(seq: number): Message {
  return { id: `msg_${seq}`, seq, content: `Message ${seq}` } as Message;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

async function readUpTo({ thread }: ReturnType<typeof scene>, first: number): Promise<void> {
  while ((thread.messages.value[0]?.seq ?? 0) > first) {
    await thread.loadOlder();
    thread.keepNear(thread.messages.value[0]?.seq ?? 0);
  }
}

it('keeps what is near to what is read, in memory that is bounded, and brings the rest back', async () => {
  const all = scene(3_000);
  const { thread, seqs } = all;
  await thread.load();
  expect(seqs()).toEqual(range(2_951, 3_000));
  await readUpTo(all, 1);
  expect(seqs()).toEqual(range(1, seqs().length));
  expect(seqs().length).toBeLessThanOrEqual(1_100);
  expect([thread.hasOlder.value, thread.hasNewer.value]).toEqual([false, true]);
  while (thread.hasNewer.value) {
    await thread.loadNewer();
    thread.keepNear(thread.messages.value.at(-1)?.seq ?? 0);
  }
  expect(seqs()).toEqual(range(3_001 - seqs().length, 3_000));
  expect(seqs().length).toBeLessThanOrEqual(1_100);
  expect(thread.hasOlder.value).toBe(true);
});

it('far from the end nothing is added behind a gap; the end is one step away', async () => {
  const all = scene(1_500);
  const { thread, seqs, write } = all;
  await thread.load();
  await readUpTo(all, 1);
  const before = seqs();
  write();
  thread.put(messageOf(1_502));
  expect(seqs()).toEqual(before);
  // A new connection reads the newest page: whoever reads far before it stays there.
  await thread.load();
  expect(seqs()).toEqual(before);
  await thread.toNewest();
  expect(seqs()).toEqual(range(1_452, 1_501));
  write();
  expect(seqs().at(-1)).toBe(1_502);
});

it('what is written while the last page is read is not lost', async () => {
  const all = scene(1_150);
  const { thread, seqs, write, whileReading } = all;
  await thread.load();
  await readUpTo(all, 1);
  expect(thread.hasNewer.value).toBe(true);
  whileReading(() => {
    whileReading(() => {});
    write();
  });
  while (thread.hasNewer.value) await thread.loadNewer();
  expect(seqs()).toEqual(range(1, 1_151));
});

it('a page that was asked for before its neighbours left is not put beside a gap', async () => {
  const all = scene(3_000);
  const { thread, seqs } = all;
  await thread.load();
  while (seqs().length <= 1_100) await thread.loadOlder();
  const older = thread.loadOlder();
  thread.keepNear(3_000);
  await older;
  expect(seqs()).toEqual(range(seqs()[0] ?? 0, seqs().at(-1) ?? 0));
});

it('an hour at the end of a busy conversation costs no more memory than a minute', async () => {
  const { thread, seqs, write } = scene(60);
  await thread.load();
  for (let n = 0; n < 5_000; n += 1) {
    write();
    thread.keepNear(thread.messages.value.at(-1)?.seq ?? 0);
  }
  expect(seqs().at(-1)).toBe(5_060);
  expect(seqs().length).toBeLessThanOrEqual(1_100);
});

it('is loaded when it can be, though nobody asks again', async () => {
  const { thread, seqs, whileReading } = scene(3);
  let failures = 2;
  whileReading(() => {
    failures -= 1;
    const options = { retryAfterMs: 1 };
    if (failures >= 0) throw new MessengerError('unavailable', 'away for a moment', options);
  });
  await thread.load();
  expect(seqs()).toEqual([1, 2, 3]);
});

it('is loaded at once by whoever asks, as a new connection does, however long it was to wait', async () => {
  // The pause does not end by itself.
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  const { thread, seqs, whileReading } = scene(3);
  let hasFailed: () => void;
  const failed = new Promise<void>((resolve) => (hasFailed = resolve));
  whileReading(() => {
    whileReading(() => {});
    hasFailed();
    throw new MessengerError('rate_limited', 'much later', { retryAfterMs: 1_000 });
  });
  const loaded = thread.load();
  await failed;
  await new Promise(setImmediate);
  await thread.load();
  await loaded;
  expect(seqs()).toEqual([1, 2, 3]);
});
