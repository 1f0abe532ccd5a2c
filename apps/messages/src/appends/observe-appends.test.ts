import type { Operation, OperationResult } from '@agent-messenger/contracts';
import { AppError, type SpanOptions, type Tracing } from '@agent-messenger/service-kit';
import { Registry } from 'prom-client';
import { EventTraces } from '../relay/event-traces';
import { operationMetrics } from '../metrics';
import { observeAppends } from './observe-appends';
import type { DuePush, LogEntry } from '../store/store';

interface Span extends SpanOptions {
  id: string;
  failure?: string;
  ended: boolean;
}

/** Spans by number: the first is `s1`, and that is its traceparent. */
function fakeTracing() {
  const spans: Span[] = [];
  const tracing = {
    start(options: SpanOptions) {
      const span: Span = { ...options, id: `s${spans.length + 1}`, ended: false };
      spans.push(span);
      return {
        traceparent: span.id,
        set: (attributes: object) => void Object.assign(span.attributes ?? {}, attributes),
        fail: (error: unknown) => void (span.failure = (error as AppError).code),
        end: () => void (span.ended = true),
      };
    },
  } as unknown as Tracing;
  return { tracing, spans };
}

const conversation_id = 'cnv_a' as const;
const send = (client_id: string, traceparent?: string): Operation => ({
  op: 'send',
  identity_id: 'usr_1',
  epoch: null,
  conversation_id,
  client_id,
  content: 'x',
  ...(traceparent !== undefined && { traceparent }),
});
const sent = (seq: number, duplicate = false) =>
  ({
    ok: true,
    sent: { message: { conversation_id, seq, updated_seq: seq }, duplicate },
  }) as OperationResult;
const entry = (seq: number) =>
  ({ event: { conversation_id, seq } as LogEntry['event'], to: ['usr_1'] }) satisfies LogEntry;
const due = (conversation: string): DuePush => ({
  platform: 'fcm',
  job: { user_id: 'usr_1', device_id: 'd', conversation_id: conversation },
});

function setup(answer: (operations: Operation[]) => OperationResult[]) {
  const { tracing, spans } = fakeTracing();
  const events = new EventTraces(tracing);
  const registry = new Registry();
  const { append } = observeAppends(
    { append: async (operations) => answer(operations), drain: async () => undefined },
    { metrics: operationMetrics(registry), traces: { tracing, events } },
  );
  const counted = () => registry.getSingleMetricAsString('messages_operations_total');
  return { append, events, spans, counted };
}

test('each operation of a batch continues its own trace, to the relay of its event and to a push', async () => {
  const { append, events, spans, counted } = setup(() => [sent(2), sent(3), sent(4)]);
  await append([send('a', 'trace-a'), send('b'), send('c', 'trace-c')]);
  expect(spans).toMatchObject([
    { name: 'commit', parent: 'trace-a', ended: true, attributes: { 'messenger.seq': 2 } },
    { name: 'commit', parent: 'trace-c', ended: true, attributes: { 'messenger.seq': 4 } },
  ]);
  const relayed = events.relay([entry(2), entry(3), entry(4)]);
  expect(relayed.items.map(({ traceparent }) => traceparent)).toEqual(['s3', undefined, 's4']);
  expect(spans.slice(2).map(({ parent, ended }) => [parent, ended])).toEqual([
    ['s1', false],
    ['s2', false],
  ]);
  relayed.end();
  expect(spans.every(({ ended }) => ended)).toBe(true);

  // Of the newest message.
  const queued = events.queue([due(conversation_id), due('cnv_other')]);
  expect(queued.items.map(({ job }) => job.traceparent)).toEqual(['s5', undefined]);
  expect(spans[4]).toMatchObject({ name: 'push queue', parent: 's2' });
  expect(await counted()).toContain('messages_operations_total{op="send",outcome="ok"} 3');
});

test('what adds no event has no trace beyond the commit, and a refusal is told by its code', async () => {
  const refused: OperationResult = { ok: false, error: { code: 'replaced', message: 'x' } };
  const { append, events, spans, counted } = setup(() => [sent(2, true), refused]);
  await append([send('a', 'trace-a'), send('b', 'trace-b')]);
  expect(spans.map(({ failure, ended }) => [failure, ended])).toEqual([
    [undefined, true],
    ['replaced', true],
  ]);
  expect(events.relay([entry(2)]).items[0]?.traceparent).toBeUndefined();
  expect(await counted()).toContain('{op="send",outcome="duplicate"} 1');
  expect(await counted()).toContain('{op="send",outcome="replaced"} 1');
});

test('when nothing was appended its spans end as failed', async () => {
  const { append, spans } = setup(() => {
    throw new AppError('unavailable', 'Too many');
  });
  await expect(append([send('a', 'trace-a')])).rejects.toThrow('Too many');
  expect(spans).toMatchObject([{ failure: 'unavailable', ended: true }]);
});

test('traces of old commits are forgotten', () => {
  const { tracing } = fakeTracing();
  const events = new EventTraces(tracing);
  for (let seq = 1; seq <= 10_001; seq += 1) {
    events.note({ conversation_id, seq }, 'trace', { isMessage: true });
  }
  const traced = [1, 2, 10_001].map((seq) => events.relay([entry(seq)]).items[0]?.traceparent);
  expect(traced).toEqual([undefined, 's1', 's2']);
});
