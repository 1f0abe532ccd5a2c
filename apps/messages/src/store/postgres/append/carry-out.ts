import type { Event, Operation, OperationResult } from '@agent-messenger/contracts';
import { AppError, toWireError, type Logger } from '@agent-messenger/service-kit';
import type { Tx } from '../driver/transactions';
import type { Access } from '../log/access';
import { EVENT_SELECT, toEvent, type EventRow } from '../log/rows';
import type { EventKey } from '../outbox/outbox-queues';
import type { Postgres } from '../postgres';
import type { Quotas } from '../quotas';
import type { Batch } from './batch';
import { change } from './change';
import { finish } from './finish';
import { loadBatch } from './load-batch';
import { move } from './move';
import { send } from './send';
import { writeBatch } from './write-batch';

export interface CarryOutParts {
  access: Pick<Access, 'formerSince'>;
  quotas: Quotas;
  log: Logger;
}

/** Carries out operations within a transaction: locks and reads what they name, decides in order, writes it all. */
export type CarryOut = (tx: Tx, operations: readonly Operation[]) => Promise<OperationResult[]>;

export function createCarryOut(
  { digestKey, logId }: Postgres,
  { access, quotas, log }: CarryOutParts,
): CarryOut {
  async function readEvent(tx: Tx, { conversation, seq }: EventKey): Promise<Event> {
    const sql = `${EVENT_SELECT} WHERE e.conversation = $1 AND e.seq = $2`;
    const row = await tx.get<EventRow>(sql, [conversation, seq]);
    if (!row) throw new Error(`the log of ${conversation} has no event ${seq}`);
    return toEvent(row);
  }

  function one(
    tx: Tx,
    batch: Batch,
    operation: Operation,
  ): OperationResult | Promise<OperationResult> {
    switch (operation.op) {
      case 'send':
        return { ok: true, sent: send(batch, operation, digestKey) };
      case 'finish':
        return { ok: true, sent: finish(batch, operation, digestKey) };
      case 'received':
      case 'read':
        return { ok: true, moved: move(batch, operation) };
      default: {
        const changed = change(batch, operation, (key) => readEvent(tx, key));
        if (changed instanceof Promise)
          return changed.then((each) => ({ ok: true, changed: each }));
        return { ok: true, changed };
      }
    }
  }

  /** A refusal comes before the operation has changed anything, so that nothing of it needs to be undone. */
  function orRefusal(
    tx: Tx,
    batch: Batch,
    operation: Operation,
  ): OperationResult | Promise<OperationResult> {
    try {
      return one(tx, batch, operation);
    } catch (error) {
      if (error instanceof AppError) return { ok: false, error: toWireError(error, log) };
      throw error;
    }
  }

  return async (tx, operations) => {
    const formerSince = access.formerSince();
    const batch = await loadBatch(tx, operations, { quotas, logId, formerSince });
    const results = operations.map((operation) => orRefusal(tx, batch, operation));
    const answers = Promise.all(results);
    // What is read for an answer is as it was before the batch.
    writeBatch(tx, batch);
    return answers;
  };
}
