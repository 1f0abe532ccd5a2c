import type {
  CallResponse,
  messagesCalls,
  Operation,
  OperationResult,
  PositionMoved,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { Histogram } from 'prom-client';
import type { Deferred } from '../tests/fakes';
import { deferred, eventOf, loggerOf, settled } from '../tests/fakes';
import { AppendQueue } from './append-queue';

type Appended = CallResponse<typeof messagesCalls, 'append'>;
type SendOperation = Extract<Operation, { op: 'send' }>;

interface Append extends Deferred<Appended> {
  operations: Operation[];
}

const conversation_id = 'cnv_a';

const moved: PositionMoved = {
  receipt: { conversation_id, identity_id: 'usr_1', delivered_seq: 5, read_seq: 0 },
  tell: ['agt_1'],
};

function resultOf(operation: Operation, seq: number): OperationResult {
  if (operation.op !== 'send') return { ok: true, moved };
  const event = eventOf(conversation_id, seq, operation.content);
  if (event.type !== 'message.created') throw new TypeError('not a message');
  return { ok: true, sent: { message: event.message, duplicate: false } };
}

/** A queue over a store whose appends are answered by hand. */
function setup(traceparent?: () => string | undefined) {
  const appends: Append[] = [];
  const told: PositionMoved[] = [];
  const { log, lines } = loggerOf();
  const batchSize = new Histogram({ name: 'batch', help: 'x', registers: [] });
  const queue = new AppendQueue({
    log,
    batchSize,
    ...(traceparent && { traceparent }),
    onMoved: (one) => void told.push(one),
    append({ operations }) {
      const answer = { operations, ...deferred<Appended>() };
      appends.push(answer);
      return answer.promise;
    },
  });
  return {
    queue,
    appends,
    told,
    lines,
    batchSize,
    send: (client_id: string, content = 'hello') =>
      queue.send({ conversation_id, client_id, content, identity_id: 'usr_1', epoch: 3 }),
    received: (seq: number, epoch = 3, id = conversation_id) =>
      queue.noteReceived({ conversation_id: id, identity_id: 'usr_1', epoch, seq }),
    /** Carries out the oldest append. */
    commit() {
      const append = appends.shift();
      if (!append) throw new Error('nothing is in flight');
      append.resolve({
        results: append.operations.map((operation, i) => resultOf(operation, i + 1)),
      });
      return append.operations;
    },
  };
}

const idsOf = (operations: Operation[] = []) =>
  operations.map((operation) => (operation as SendOperation).client_id);
const positionsOf = (operations: Operation[] = []) =>
  operations.flatMap((operation) => ('seq' in operation ? [operation] : []));

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
  const large = Array.from({ length: 6 }, (_, i) => send(`${i}`, mebibyte));
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

test('received rides along with a message: the highest of each conversation', async () => {
  const { send, received, commit, told } = setup();
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
  expect(told).toEqual([moved, moved]);
});

test('received alone is handed over after 500 ms', async () => {
  const { received, appends, commit, told } = setup();
  received(4);
  jest.advanceTimersByTime(499);
  await settled();
  expect(appends).toEqual([]);
  jest.advanceTimersByTime(1);
  await settled();
  expect(positionsOf(commit()).map(({ seq }) => seq)).toEqual([4]);
  await settled();
  expect(told).toEqual([moved]);
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

test('a refused position is no news', async () => {
  const { received, appends, told, queue } = setup();
  received(4);
  const flushed = queue.flush();
  await settled();
  appends.shift()?.resolve({
    results: [{ ok: false, error: { code: 'replaced', message: 'There is a newer one' } }],
  });
  await flushed;
  expect(told).toEqual([]);
});

test('a read is answered when it is stored, and its receipt is told', async () => {
  const { queue, commit, told } = setup();
  const read = queue.read({ conversation_id, identity_id: 'usr_1', epoch: 3, seq: 2 });
  await settled();
  expect(told).toEqual([]);
  expect(commit()).toEqual([
    { op: 'read', conversation_id, identity_id: 'usr_1', epoch: 3, seq: 2 },
  ]);
  await read;
  expect(told).toEqual([moved]);
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
