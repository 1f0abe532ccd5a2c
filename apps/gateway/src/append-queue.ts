import type {
  Changed,
  Client,
  messagesCalls,
  Operation,
  OperationResult,
  PositionMoved,
  Sent,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Histogram } from 'prom-client';

/** Bounds of one append: the store commits it as a whole. Characters, not bytes: the order of magnitude is what counts. */
const BATCH_OPERATIONS = 1_000;
const BATCH_CHARS = 2 * 1024 * 1024;
/** Bound of what waits here; beyond it a send is answered `unavailable` instead of growing the queue. */
const QUEUE_OPERATIONS = 20_000;
const QUEUE_CHARS = 64 * 1024 * 1024;
/** How long a position waits for a message to ride along with. */
const FLUSH_MS = 500;
/** Positions that wait while the store is away; beyond it they are lost, which is harmless (see below). */
const POSITIONS = 100_000;

type SendOperation = Extract<Operation, { op: 'send' }>;
type PositionOperation = Extract<Operation, { op: 'received' | 'read' }>;
/** An edit, deletion or reaction. */
export type ChangeOperation = Extract<Operation, { op: 'edit' | 'delete' | 'react' }>;
type Answer = Extract<OperationResult, { ok: true }>;

interface Waiting {
  operation: Operation;
  chars: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface AppendQueueOptions {
  append: Client<typeof messagesCalls>['append'];
  onMoved(moved: PositionMoved): void;
  /** The trace that an operation is part of, asked for where it comes in: a batch is part of many. */
  traceparent?: () => string | undefined;
  batchSize: Histogram;
  log: Logger;
}

/**
 * Everything this gateway writes. One append is in flight at a time; what arrives meanwhile is the next batch, so that
 * the sends of one connection commit in the order in which they were made, and throughput comes from the batch.
 * `received` positions ride along: the maximum per identity and conversation, handed over with the next append or
 * alone after 500 ms. They may be lost with the gateway: the client gets those events again and drops them.
 */
export class AppendQueue {
  private readonly waiting: Waiting[] = [];
  private waitingChars = 0;
  private received = new Map<string, PositionOperation>();
  private inFlight: Promise<void> | undefined;
  private flushTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: AppendQueueOptions) {}

  async send(operation: Omit<SendOperation, 'op'>): Promise<Sent> {
    const answer = await this.submit({ op: 'send', ...operation }, charsOf(operation));
    if (!('sent' in answer)) throw new TypeError('the store answered a send with something else');
    return answer.sent;
  }

  async change(operation: ChangeOperation): Promise<Changed> {
    const chars = operation.op === 'edit' ? operation.content.length : 0;
    const answer = await this.submit(operation, chars);
    if (!('changed' in answer))
      throw new TypeError('the store answered a change with something else');
    return answer.changed;
  }

  async read(operation: Omit<PositionOperation, 'op'>): Promise<void> {
    const answer = await this.submit({ op: 'read', ...operation }, 0);
    if ('moved' in answer) this.options.onMoved(answer.moved);
  }

  noteReceived(position: Omit<PositionOperation, 'op'>): void {
    const key = keyOf(position);
    const earlier = this.received.get(key);
    if (!earlier && this.received.size >= POSITIONS) return;
    const epoch = Math.max(position.epoch ?? 0, earlier?.epoch ?? 0) || null;
    this.received.set(key, {
      op: 'received',
      ...position,
      epoch,
      seq: Math.max(position.seq, earlier?.seq ?? 0),
    });
    this.flushLater();
  }

  get waitingOperations(): number {
    return this.waiting.length;
  }

  /** Hands over all that is waiting; for the end of a connection and of the drain, when nothing more comes. */
  async flush(): Promise<void> {
    // The append in flight has taken what waited when it began, not what came since.
    await this.inFlight;
    // Only what waits now: under load something always does.
    const rounds = Math.ceil((this.waiting.length + this.received.size) / BATCH_OPERATIONS);
    for (let round = 0; round < rounds; round += 1) {
      this.pump();
      await this.inFlight;
    }
  }

  /** Resolves when all that waits now is answered, however much comes meanwhile. */
  async settled(): Promise<void> {
    // It is in the append in flight or in the one after it, unless a batch was full: then its answer is the client's retry.
    await this.inFlight;
    await this.inFlight;
  }

  private submit(operation: Operation, chars: number): Promise<Answer> {
    if (this.waiting.length >= QUEUE_OPERATIONS || this.waitingChars + chars > QUEUE_CHARS) {
      throw new AppError('unavailable', 'The gateway is overloaded', { retryAfterMs: 1_000 });
    }
    return new Promise((resolve, reject) => {
      const traceparent = this.options.traceparent?.();
      const traced = traceparent === undefined ? operation : { ...operation, traceparent };
      this.waiting.push({ operation: traced, chars, resolve, reject });
      this.waitingChars += chars;
      this.pump();
    });
  }

  private pump(): void {
    if (this.inFlight || (this.waiting.length === 0 && this.received.size === 0)) return;
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    this.inFlight = this.appendBatch().then((positionsLeft) => {
      this.inFlight = undefined;
      if (this.waiting.length > 0 || positionsLeft) this.pump();
      else if (this.received.size > 0) this.flushLater();
    });
  }

  private flushLater(): void {
    this.flushTimer ??= setTimeout(() => {
      this.flushTimer = undefined;
      this.pump();
    }, FLUSH_MS);
  }

  /** @returns whether there were more positions than one append takes */
  private async appendBatch(): Promise<boolean> {
    // A turn of the loop, so that all frames that have arrived are in the first batch too.
    await new Promise(setImmediate);
    const batch = this.takeBatch();
    const positions = [...this.received.values()].slice(0, BATCH_OPERATIONS);
    for (const position of positions) this.received.delete(keyOf(position));
    const positionsLeft = this.received.size > 0;

    const operations = [...batch.map(({ operation }) => operation), ...positions];
    this.options.batchSize.observe(operations.length);
    try {
      const { results } = await this.options.append({ operations });
      results.forEach((result, index) => this.settle(result, batch[index]));
      return positionsLeft;
    } catch (error) {
      for (const { reject } of batch) reject(error);
      this.keep(positions, error);
      return false;
    }
  }

  private takeBatch(): Waiting[] {
    let count = 0;
    let chars = 0;
    for (const { chars: next } of this.waiting) {
      if (count >= BATCH_OPERATIONS || (count > 0 && chars + next > BATCH_CHARS)) break;
      count += 1;
      chars += next;
    }
    this.waitingChars -= chars;
    return this.waiting.splice(0, count);
  }

  private settle(result: OperationResult, waiting: Waiting | undefined): void {
    if (waiting) {
      if (result.ok) waiting.resolve(result);
      else waiting.reject(AppError.fromWire(result.error));
    } else if (result.ok && 'moved' in result) {
      this.options.onMoved(result.moved);
    }
    // A refused position needs no answer: the connection was replaced, or the member has left.
  }

  /** Positions of an append that failed wait for the next one; what was noted meanwhile is newer. */
  private keep(positions: PositionOperation[], error: unknown): void {
    this.options.log.warn({ reason: String(error), positions: positions.length }, 'append failed');
    for (const position of positions) this.noteReceived(position);
  }
}

function charsOf({ content, metadata }: Pick<SendOperation, 'content' | 'metadata'>): number {
  return content.length + (metadata ? JSON.stringify(metadata).length : 0);
}

/** Positions of one log are comparable, those of two are not. */
function keyOf({ identity_id, conversation_id, log_id }: Omit<PositionOperation, 'op'>): string {
  return `${identity_id} ${conversation_id} ${log_id}`;
}
