import type {
  CallResponse,
  messagesCalls,
  Operation,
  OperationResult,
} from '@agent-messenger/contracts';
import { Histogram } from 'prom-client';
import { AppendQueue } from '../src/writes/append-queue';
import type { Deferred } from './fakes';
import { deferred, eventOf, loggerOf } from './fakes';

type Appended = CallResponse<typeof messagesCalls, 'append'>;
type SendOperation = Extract<Operation, { op: 'send' }>;

export interface Append extends Deferred<Appended> {
  operations: Operation[];
}

export const conversation_id = 'cnv_a';

export function resultOf(operation: Operation, seq: number): OperationResult {
  if (operation.op !== 'send') return { ok: true, moved: { tell: [] } };
  const event = eventOf(conversation_id, seq, operation.content);
  if (event.type !== 'message.created') throw new TypeError('not a message');
  return { ok: true, sent: { message: event.message, duplicate: false } };
}

/** A queue over a store whose appends are answered by hand. */
export function setup(traceparent?: () => string | undefined, beatMs = 1) {
  const appends: Append[] = [];
  const { log, lines } = loggerOf();
  const stopping = new AbortController();
  const batchSize = new Histogram({ name: 'batch', help: 'x', registers: [] });
  const queue = new AppendQueue({
    log,
    batchSize,
    stopped: stopping.signal,
    ...(traceparent && { traceparent }),
    beatMs,
    append({ operations }) {
      const answer = { operations, ...deferred<Appended>() };
      appends.push(answer);
      return answer.promise;
    },
  });
  return {
    queue,
    appends,
    lines,
    batchSize,
    stopping,
    send: (client_id: string, content = 'hello', identity_id: `usr_${string}` = 'usr_1') =>
      queue.send({ conversation_id, client_id, content, identity_id, epoch: 3 }),
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

export const idsOf = (operations: Operation[] = []) =>
  operations.map((operation) => (operation as SendOperation).client_id);
export const positionsOf = (operations: Operation[] = []) =>
  operations.flatMap((operation) => ('seq' in operation ? [operation] : []));
