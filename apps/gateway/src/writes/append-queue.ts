import type {
  Changed,
  Client,
  messagesCalls,
  Operation,
  OperationResult,
  Sent,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Histogram } from 'prom-client';
import { AppendPace } from './append-pace';
import { operationBytes, textBytes } from './operation-bytes';
import { ReceivedPositions, type Position, type PositionOperation } from './received-positions';
import { repeatAppend } from './repeat-append';
import { BATCH_OPERATIONS, takeBatch } from './take-batch';

/** Bound of what waits here; beyond it a send is answered `unavailable` instead of growing the queue. */
const QUEUE_OPERATIONS = 20_000;
const QUEUE_BYTES = 64 * 1024 * 1024;
/** How long a position waits for a message to ride along with. */
const FLUSH_MS = 500;
/** How long an append that was not answered holds up the sends in it and those behind it. */
const DOUBT_MS = 2_000;

type SendOperation = Extract<Operation, { op: 'send' }>;
/** An edit, deletion, reaction or choice. */
export type ChangeOperation = Extract<Operation, { op: 'edit' | 'delete' | 'react' | 'choose' }>;
/** The end of a stream. */
export type FinishOperation = Extract<Operation, { op: 'finish' }>;
type Answer = Extract<OperationResult, { ok: true }>;

interface Waiting {
  operation: Operation;
  bytes: number;
  /** Told what the store has answered, also after the sender was told that it is not known. */
  answered: ((answer: Answer) => void) | undefined;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface AppendQueueOptions {
  append: Client<typeof messagesCalls>['append'];
  /** The trace that an operation is part of, asked for where it comes in: a batch is part of many. */
  traceparent?: () => string | undefined;
  batchSize: Histogram;
  log: Logger;
  /** From then on an append that is not answered has failed. */
  stopped: AbortSignal;
  /** See `AppendPace`; for tests. */
  beatMs?: number;
}

/**
 * Everything this gateway writes. One append is in flight at a time; what arrives meanwhile is the next batch, so that
 * the sends of one connection commit in the order in which they were made, and throughput comes from the batch. One
 * that is not answered is repeated until it is, and nothing is appended before; its senders are told after a moment.
 * `received` positions ride along: the maximum per identity and conversation, handed over with the next append or alone
 * after 500 ms. They may be lost with the gateway: the client gets those events again and drops them.
 */
export class AppendQueue {
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private readonly positions = new ReceivedPositions();
  private inFlight: Promise<void> | undefined;
  /** Why sends are refused for now: of an append nobody knows yet whether it has been carried out. */
  private doubt: AppError | undefined;
  private flushTimer: NodeJS.Timeout | undefined;
  private readonly pace: AppendPace;

  constructor(private readonly options: AppendQueueOptions) {
    this.pace = new AppendPace(options.beatMs);
  }

  /** @param committed told before the sender, and also when it was told before that nobody knows */
  async send(
    operation: Omit<SendOperation, 'op'>,
    committed?: (sent: Sent) => void,
  ): Promise<Sent> {
    const answered = committed && ((answer: Answer) => committed(sentOf(answer)));
    const bytes = operationBytes(operation);
    return sentOf(await this.submit({ op: 'send', ...operation }, bytes, answered));
  }

  async finish(operation: Omit<FinishOperation, 'op'>): Promise<Sent> {
    const bytes = operationBytes(operation);
    return sentOf(await this.submit({ op: 'finish', ...operation }, bytes));
  }

  async change(operation: ChangeOperation): Promise<Changed> {
    const bytes = operation.op === 'edit' ? textBytes(operation.content) : 0;
    const answer = await this.submit(operation, bytes);
    if (!('changed' in answer))
      throw new TypeError('the store answered a change with something else');
    return answer.changed;
  }

  read(position: Position): Promise<void> {
    return this.move({ op: 'read', ...position });
  }

  /** Resolves when the store has the position, and all that were noted before it. */
  async received(position: Position): Promise<void> {
    const ride = this.positions.size <= BATCH_OPERATIONS;
    try {
      await this.move({ op: 'received', ...position });
      if (!ride) await this.flush();
    } catch (error) {
      // To who is no member a conversation is one that does not exist: their position changes nothing, unsaid.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error;
    }
  }

  noteReceived(position: Position): void {
    this.positions.note(position);
    if (this.positions.size > 0) this.flushLater();
  }

  get waitingOperations(): number {
    return this.waiting.length;
  }

  /** Hands over all that is waiting; for the end of a connection and of the drain, when nothing more comes. */
  async flush(): Promise<void> {
    // The append in flight has taken what waited when it began, not what came since.
    await this.inFlight;
    // Only what waits now: under load something always does.
    const rounds = Math.ceil((this.waiting.length + this.positions.size) / BATCH_OPERATIONS);
    for (let round = 0; round < rounds; round += 1) {
      this.pump();
      await this.inFlight;
    }
  }

  /** Resolves when all that waits now is answered, however much comes meanwhile. */
  async settled(): Promise<void> {
    // It is in the append in flight or in the one after it, unless a batch was full: then its answer is the client's
    // retry.
    await this.inFlight;
    await this.inFlight;
  }

  private async move(operation: PositionOperation): Promise<void> {
    await this.submit(operation, 0);
  }

  private submit(
    operation: Operation,
    bytes: number,
    answered?: Waiting['answered'],
  ): Promise<Answer> {
    if (this.doubt) throw this.doubt;
    if (this.waiting.length >= QUEUE_OPERATIONS || this.waitingBytes + bytes > QUEUE_BYTES) {
      throw new AppError('unavailable', 'The gateway is overloaded', { retryAfterMs: 1_000 });
    }
    return new Promise((resolve, reject) => {
      const traceparent = this.options.traceparent?.();
      const traced = traceparent === undefined ? operation : { ...operation, traceparent };
      this.waiting.push({ operation: traced, bytes, answered, resolve, reject });
      this.waitingBytes += bytes;
      this.pump();
    });
  }

  private pump(): void {
    if (this.inFlight || this.doubt || (this.waiting.length === 0 && this.positions.size === 0))
      return;
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    this.inFlight = this.appendBatch().then((positionsLeft) => {
      this.inFlight = undefined;
      if (this.waiting.length > 0 || positionsLeft) this.pump();
      else if (this.positions.size > 0) this.flushLater();
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
    await this.pace.untilDue(this.waiting.length);
    const { batch, bytes, left } = takeBatch(this.waiting);
    this.waiting = left;
    this.waitingBytes -= bytes;
    const positions = this.positions.take(BATCH_OPERATIONS);
    const positionsLeft = this.positions.size > 0;

    const operations = [...batch.map(({ operation }) => operation), ...positions];
    this.options.batchSize.observe(operations.length);
    const settle = ({ results }: { results: OperationResult[] }): void =>
      results.forEach((result, index) => this.settle(result, batch[index]));
    const keep = (error: unknown): void => {
      for (const { reject } of batch) reject(error);
      this.keep(positions, error);
    };
    const { answered, doubted } = this.append(operations);
    try {
      const answer = await Promise.race([answered, doubted]);
      if (!(answer instanceof AppError)) {
        settle(answer);
        return positionsLeft;
      }
      this.refuseAll(answer, batch);
      void answered
        .then(settle)
        .catch(keep)
        .finally(() => {
          this.doubt = undefined;
          this.pump();
        });
    } catch (error) {
      keep(error);
    }
    return false;
  }

  /** `doubted`: why it is not answered, when it was not for a while. */
  private append(operations: Operation[]) {
    const { append, log, stopped } = this.options;
    let timer: NodeJS.Timeout | undefined;
    let onDoubt: (error: AppError) => void = () => undefined;
    const doubted = new Promise<AppError>((resolve) => {
      onDoubt = (error) => (timer ??= setTimeout(() => resolve(error), DOUBT_MS));
    });
    const answered = repeatAppend(append, { operations }, { log, stopped, onDoubt }).finally(() =>
      clearTimeout(timer),
    );
    return { answered, doubted };
  }

  private refuseAll(error: AppError, batch: Waiting[]): void {
    this.doubt = error;
    for (const { reject } of [...batch, ...this.waiting.splice(0)]) reject(error);
    this.waitingBytes = 0;
  }

  private settle(result: OperationResult, waiting: Waiting | undefined): void {
    if (result.ok) {
      waiting?.answered?.(result);
      waiting?.resolve(result);
    } else waiting?.reject(AppError.fromWire(result.error));
    // A refused position needs no answer: the connection was replaced, or the member has left.
  }

  /** Positions of an append that failed wait for the next one; what was noted meanwhile is newer. */
  private keep(positions: PositionOperation[], error: unknown): void {
    this.options.log.warn({ reason: String(error), positions: positions.length }, 'append failed');
    for (const position of positions) this.noteReceived(position);
  }
}

function sentOf(answer: Answer): Sent {
  if (!('sent' in answer)) throw new TypeError('the store answered a send with something else');
  return answer.sent;
}
