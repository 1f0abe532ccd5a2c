import type { Operation, OperationResult } from '@agent-messenger/contracts';
import { AppError, toWireError, type Logger } from '@agent-messenger/service-kit';
import { setTimeout as pause } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { commitMetrics } from '../metrics';
import type { Store } from '../store/store';

/**
 * Calls that arrive while a commit is running, or in the same turn of the event loop, share the next transaction:
 * one fsync for all of them. Operations of one call keep their order.
 */
export interface GroupCommit {
  /** Resolves after the commit. Rejects with `unavailable` when too much is waiting, or the store cannot commit now. */
  append(operations: Operation[]): Promise<OperationResult[]>;
  /** Resolves when all that was accepted is answered. */
  drain(): Promise<void>;
}

interface GroupCommitOptions {
  store: Pick<Store, 'append'>;
  log: Logger;
  metrics: Registry;
  /** Told after each commit. */
  onCommit(results: OperationResult[]): void;
  limits?: Partial<typeof LIMITS>;
}

const LIMITS = {
  /** Operations per transaction; a single larger call still gets one of its own. */
  batch: 2_000,
  /** Operations waiting. At 20,000 a second, a second's worth; gateways would give up on more. */
  waiting: 20_000,
};
const RETRY_AFTER_MS = 1_000;
/** A store that is back so soon is waited for here, so many times; a hint to everybody would cost them more. */
const SOON_MS = 100;
const SOON_TRIES = 10;

interface WaitingCall {
  operations: Operation[];
  resolve(results: OperationResult[]): void;
  reject(error: unknown): void;
}

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { store, log, onCommit } = options;
  const limits = { ...LIMITS, ...options.limits };
  let calls: WaitingCall[] = [];
  let waiting = 0;
  const metrics = commitMetrics(options.metrics, () => waiting);
  let running: Promise<void> | undefined;

  /** Takes calls in the order in which they came, as many as fit. */
  function takeBatch(): WaitingCall[] {
    let size = 0;
    let count = 0;
    for (const { operations } of calls) {
      if (count > 0 && size + operations.length > limits.batch) break;
      size += operations.length;
      count += 1;
    }
    const batch = calls.slice(0, count);
    calls = calls.slice(count);
    waiting -= size;
    return batch;
  }

  async function run(): Promise<void> {
    while (calls.length > 0) {
      // A turn of the loop: what has reached the socket by now joins the batch.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const batch = takeBatch();
      try {
        const results = await commit(batch.flatMap((call) => call.operations));
        answer(batch, results);
        notify(results);
      } catch (error) {
        for (const call of batch) call.reject(error);
      }
    }
    running = undefined;
  }

  /** They are committed and answered, whatever becomes of it. */
  function notify(results: OperationResult[]): void {
    try {
      onCommit(results);
    } catch (error) {
      log.error({ err: error }, 'what follows a commit failed');
    }
  }

  function answer(batch: WaitingCall[], results: OperationResult[]): void {
    let from = 0;
    for (const call of batch) {
      call.resolve(results.slice(from, from + call.operations.length));
      from += call.operations.length;
    }
  }

  /** Rejects when the store cannot commit anything now. */
  async function commit(operations: Operation[]): Promise<OperationResult[]> {
    metrics.batchSize.observe(operations.length);
    const stop = metrics.seconds.startTimer();
    try {
      return await appendPatiently(operations);
    } catch (error) {
      // Of the whole store: one by one each of them would meet it again.
      if (isUnavailable(error)) throw error;
      log.warn({ err: error, operations: operations.length }, 'shared commit failed, going singly');
      return await commitSingly(operations);
    } finally {
      stop();
    }
  }

  async function appendPatiently(operations: Operation[]): Promise<OperationResult[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return (await store.append({ operations })).results;
      } catch (error) {
        const afterMs = isUnavailable(error) ? error.retryAfterMs : undefined;
        if (afterMs === undefined || afterMs > SOON_MS || tries === SOON_TRIES) throw error;
        await pause(afterMs);
      }
    }
  }

  /**
   * Nothing of the shared transaction remains; each operation gets its own, so that only the faulty one fails. When the
   * store cannot commit, the rest would meet it again, each after waiting for it.
   */
  async function commitSingly(operations: Operation[]): Promise<OperationResult[]> {
    const results: OperationResult[] = [];
    for (const [index, operation] of operations.entries()) {
      try {
        results.push(...(await appendPatiently([operation])));
      } catch (error) {
        const failed: OperationResult = { ok: false, error: toWireError(error, log) };
        if (isUnavailable(error)) return [...results, ...operations.slice(index).map(() => failed)];
        results.push(failed);
      }
    }
    return results;
  }

  return {
    append(operations) {
      if (waiting + operations.length > limits.waiting) {
        return Promise.reject(
          new AppError('unavailable', 'Too many messages are waiting to be stored.', {
            retryAfterMs: RETRY_AFTER_MS,
          }),
        );
      }
      waiting += operations.length;
      return new Promise((resolve, reject) => {
        calls.push({ operations, resolve, reject });
        running ??= run();
      });
    },
    async drain() {
      await running;
    },
  };
}

function isUnavailable(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'unavailable';
}
