import type { ErrorCode, Operation } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import {
  conversation_id,
  idsOf,
  positionsOf,
  resultOf,
  setup,
} from '../../tests/append-queue-setup';
import { settled } from '../../tests/fakes';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] }));
afterEach(() => void jest.useRealTimers());

test('one append is in flight; what comes meanwhile is the next one, in the order in which it came', async () => {
  const { send, appends, commit } = setup();
  const first = [send('1'), send('2')];
  await settled();
  const second = [send('3'), send('4'), send('5')];
  await settled();
  expect(appends.map(({ operations }) => idsOf(operations))).toEqual([['1', '2']]);
  commit();
  expect((await Promise.all(first)).map(({ duplicate }) => duplicate)).toEqual([false, false]);
  await settled();
  expect(idsOf(commit())).toEqual(['3', '4', '5']);
  await Promise.all(second);
  await settled();
  expect(appends).toEqual([]);
});

test('what follows an append waits for the next beat, and one that comes alone does not', async () => {
  jest.setSystemTime(1_000_001);
  const { send, appends, commit } = setup(undefined, 4);
  void send('1');
  await settled();
  expect(idsOf(commit())).toEqual(['1']);
  void send('2');
  await settled();
  jest.advanceTimersByTime(2);
  void send('3');
  await settled();
  expect(appends).toEqual([]);
  jest.advanceTimersByTime(1);
  await settled();
  expect(idsOf(commit())).toEqual(['2', '3']);
  await settled();
  jest.advanceTimersByTime(21);
  void send('4');
  await settled();
  expect(idsOf(commit())).toEqual(['4']);
});

test('each operation carries the trace in which it was asked for, if there was one', async () => {
  let current: string | undefined = 'trace-1';
  const { send, received, commit } = setup(() => current);
  void send('1');
  current = undefined;
  void send('2');
  current = 'trace-3';
  void send('3');
  received(2);
  await settled();
  expect(commit().map((one) => ('traceparent' in one ? one.traceparent : null))).toEqual([
    'trace-1',
    null,
    'trace-3',
    null,
  ]);
});

test('an append has at most 1,000 sends, and their size is bounded too', async () => {
  const { send, appends, commit, batchSize } = setup();
  const many = Array.from({ length: 1_500 }, (_, i) => send(`${i}`));
  await settled();
  expect(idsOf(commit())).toEqual(Array.from({ length: 1_000 }, (_, i) => `${i}`));
  await settled();
  expect(commit()).toHaveLength(500);
  await Promise.all(many);
  expect((await batchSize.get()).values).toContainEqual(
    expect.objectContaining({ metricName: 'batch_sum', value: 1_500 }),
  );

  const mebibyte = 'x'.repeat(1024 * 1024);
  const large = Array.from({ length: 6 }, (_, i) => send(`${i}`, mebibyte, `usr_${i}`));
  await settled();
  expect(idsOf(commit())).toEqual(['0', '1']);
  await settled();
  expect(idsOf(commit())).toEqual(['2', '3']);
  await settled();
  expect(idsOf(commit())).toEqual(['4', '5']);
  await Promise.all(large);
  await settled();
  expect(appends).toEqual([]);
});

test('one identity has a share of an append, in its order; others do not wait behind the rest of it', async () => {
  const { send, commit } = setup();
  const large = 'x'.repeat(100 * 1024);
  const sent = [
    ...['0', '1', '2', '3'].map((id) => send(id, large)),
    send('small, behind them'),
    send('of another', 'hello', 'usr_2'),
  ];
  await settled();
  expect(idsOf(commit())).toEqual(['0', '1', 'of another']);
  await settled();
  expect(idsOf(commit())).toEqual(['2', '3', 'small, behind them']);
  await Promise.all(sent);
  await settled();
  const huge = send('larger than a share', 'x'.repeat(300 * 1024));
  await settled();
  expect(idsOf(commit())).toEqual(['larger than a share']);
  await huge;
});

test('who waits for a position is answered when the store has it, and all that were noted before', async () => {
  const { queue, received, appends, commit } = setup();
  const position = { conversation_id, identity_id: 'usr_1', epoch: 3, seq: 1_000 };
  for (let n = 0; n < 1_001; n += 1) received(1, 3, `cnv_${n}`);
  let isAnswered = false;
  const answered = queue.received(position).then(() => (isAnswered = true));
  await settled();
  expect(commit().slice(0, 2)).toMatchObject([{ ...position, op: 'received' }, { seq: 1 }]);
  await settled();
  expect(isAnswered).toBe(false);
  expect(positionsOf(commit())).toMatchObject([{ conversation_id: 'cnv_1000' }]);
  await answered;

  const refused = (code: ErrorCode) => {
    const answer = queue.received(position);
    return settled().then(() => {
      appends.shift()?.resolve({ results: [{ ok: false, error: { code, message: code } }] });
      return answer;
    });
  };
  await expect(refused('not_found')).resolves.toBeUndefined();
  await expect(refused('replaced')).rejects.toMatchObject({ code: 'replaced' });
});

test('each send has its own answer', async () => {
  const { send, appends } = setup();
  const answers = Promise.allSettled([send('good'), send('bad')]);
  await settled();
  const [append] = appends;
  append?.resolve({
    results: [
      resultOf(append.operations[0] as Operation, 1),
      {
        ok: false,
        error: { code: 'conflict', message: 'Another content', message_id: 'msg_7' },
      },
    ],
  });
  expect(await answers).toEqual([
    { status: 'fulfilled', value: expect.objectContaining({ duplicate: false }) as unknown },
    {
      status: 'rejected',
      reason: expect.objectContaining({ code: 'conflict', messageId: 'msg_7' }) as unknown,
    },
  ]);
});

test('a failed append fails its sends; the positions wait for the next one, and the highest wins', async () => {
  const { send, received, appends, commit, lines } = setup();
  received(5);
  received(9, 3, 'cnv_b');
  const failed = Promise.allSettled([send('1'), send('2')]);
  await settled();
  expect(positionsOf(appends[0]?.operations).map(({ seq }) => seq)).toEqual([5, 9]);
  received(7);
  received(8, 3, 'cnv_b');
  appends.shift()?.reject(new AppError('unavailable', 'The store is away'));
  expect(await failed).toEqual([
    { status: 'rejected', reason: expect.objectContaining({ code: 'unavailable' }) as unknown },
    { status: 'rejected', reason: expect.objectContaining({ code: 'unavailable' }) as unknown },
  ]);
  await settled();
  expect(appends).toEqual([]);
  jest.advanceTimersByTime(500);
  await settled();
  expect(positionsOf(commit())).toEqual([
    expect.objectContaining({ op: 'received', conversation_id, seq: 7 }),
    expect.objectContaining({ op: 'received', conversation_id: 'cnv_b', seq: 9 }),
  ]);
  expect(lines.map(({ level }) => level)).toEqual([40]);
});

test('what a superseded connection had dealt with does not go as the word of the newer one', async () => {
  const { received, queue, commit } = setup();
  received(9, 3);
  received(2, 4);
  received(7, 3);
  const flushed = queue.flush();
  await settled();
  expect(positionsOf(commit())).toEqual([
    { op: 'received', conversation_id, identity_id: 'usr_1', epoch: 4, seq: 2 },
  ]);
  await flushed;
});

test('received rides along with a message: the highest of each conversation', async () => {
  const { send, received, commit } = setup();
  received(4);
  received(6, 4);
  received(5);
  received(1, 3, 'cnv_b');
  const sent = send('1');
  await settled();
  const operations = commit();
  expect(operations.map(({ op }) => op)).toEqual(['send', 'received', 'received']);
  expect(positionsOf(operations)).toEqual([
    { op: 'received', conversation_id, identity_id: 'usr_1', epoch: 4, seq: 6 },
    { op: 'received', conversation_id: 'cnv_b', identity_id: 'usr_1', epoch: 3, seq: 1 },
  ]);
  await sent;
});

test('received alone is handed over after 500 ms', async () => {
  const { received, appends, commit } = setup();
  received(4);
  jest.advanceTimersByTime(499);
  await settled();
  expect(appends).toEqual([]);
  jest.advanceTimersByTime(1);
  await settled();
  expect(positionsOf(commit()).map(({ seq }) => seq)).toEqual([4]);
});

test('received that comes during a slow append is handed over too', async () => {
  const { send, received, commit } = setup();
  const sent = send('1');
  await settled();
  received(4);
  jest.advanceTimersByTime(2_000);
  commit();
  await sent;
  await settled();
  jest.advanceTimersByTime(500);
  await settled();
  expect(positionsOf(commit()).map(({ seq }) => seq)).toEqual([4]);
});

test('flush hands over what came during an append as well', async () => {
  const { queue, send, received, commit, appends } = setup();
  const sent = send('1');
  await settled();
  received(4);
  let isFlushed = false;
  const flushed = queue.flush().then(() => (isFlushed = true));
  commit();
  await sent;
  await settled();
  expect(isFlushed).toBe(false);
  expect(positionsOf(commit()).map(({ seq }) => seq)).toEqual([4]);
  await flushed;
  expect(appends).toEqual([]);
});

test('flush ends when the store is away', async () => {
  const { queue, received, appends } = setup();
  received(4);
  const flushed = queue.flush();
  await settled();
  appends.shift()?.reject(new AppError('unavailable', 'The store is away'));
  await flushed;
  expect(appends).toEqual([]);
});

test('more positions than fit go with the appends right after', async () => {
  const { queue, received, commit } = setup();
  for (let i = 0; i < 1_200; i += 1) received(1, 3, `cnv_${i}`);
  const flushed = queue.flush();
  await settled();
  expect(commit()).toHaveLength(1_000);
  await settled();
  expect(commit()).toHaveLength(200);
  await flushed;
});

test('a refused position ends its append as any other', async () => {
  const { received, appends, queue } = setup();
  received(4);
  const flushed = queue.flush();
  await settled();
  appends.shift()?.resolve({
    results: [{ ok: false, error: { code: 'replaced', message: 'There is a newer one' } }],
  });
  await flushed;
});

test('a read is answered when it is stored', async () => {
  const { queue, commit } = setup();
  const read = queue.read({ conversation_id, identity_id: 'usr_1', epoch: 3, seq: 2 });
  await settled();
  expect(commit()).toEqual([
    { op: 'read', conversation_id, identity_id: 'usr_1', epoch: 3, seq: 2 },
  ]);
  await read;
});

test('beyond its bounds the queue answers unavailable at once', async () => {
  const { send, commit, appends } = setup();
  const accepted = Array.from({ length: 20_000 }, (_, i) => send(`${i}`));
  await expect(send('one too many')).rejects.toMatchObject({
    code: 'unavailable',
    retryAfterMs: 1_000,
  });
  await settled();
  while (appends.length > 0) {
    commit();
    await settled();
  }
  expect(await Promise.all(accepted)).toHaveLength(20_000);

  const large = Promise.allSettled(
    Array.from({ length: 65 }, (_, i) => send(`${i}`, 'x'.repeat(1024 * 1024))),
  );
  await settled();
  while (appends.length > 0) {
    commit();
    await settled();
  }
  expect((await large).map(({ status }) => status)).toEqual([
    ...Array.from({ length: 64 }, () => 'fulfilled'),
    'rejected',
  ]);
});

test('of what was received, what somebody may have seen is told apart', async () => {
  const { queue, appends, commit, received } = setup();
  const hidden = (seq: number) =>
    queue.noteReceived({ conversation_id, identity_id: 'usr_1', epoch: 3, seq, seen_seq: 0 });
  const flushed = async () => {
    void queue.flush();
    await settled();
    expect(appends).toHaveLength(1);
    return commit()[0];
  };
  hidden(5);
  expect(await flushed()).toMatchObject({ seq: 5, seen_seq: 0 });
  received(6);
  hidden(7);
  expect(await flushed()).toMatchObject({ seq: 7, seen_seq: 6 });
  hidden(8);
  received(8);
  expect(await flushed()).toMatchObject({ seq: 8, seen_seq: undefined });
});
