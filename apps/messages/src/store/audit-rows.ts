import type {
  AuditEntry,
  AuditRecord,
  CallResponse,
  messagesCalls,
  Origin,
} from '@agent-messenger/contracts';
import { z } from 'zod';
import { decodeCursor } from './cursors';
import { cutPage } from './pages';

/** Entries that one step of pruning removes. */
export const PRUNED_AT_ONCE = 500;

/** What is said of a change, besides by whom and when. */
export type AuditNote = Pick<AuditRecord, 'action' | 'target'> &
  Partial<Pick<AuditRecord, 'result' | 'count'>>;

/** Writes the entry of a change in the transaction of the change. */
export interface AuditLog<Transaction> {
  write(tx: Transaction, by: Origin, entry: AuditNote): void;
}

export interface AuditRow {
  id: number;
  at: string;
  action: AuditEntry['action'];
  actor_kind: Origin['actor']['kind'];
  actor_id: string | null;
  target: string | null;
  ip: string | null;
  result: AuditEntry['result'];
  count: number;
}

const cursorSchema = z.object({ before: z.int().min(0) });

/** Entries are listed newest first: below which id the page begins. */
export function entriesBefore(cursor: string | undefined): number {
  return cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(cursorSchema, cursor).before;
}

/** @param rows one more than the page may have, where there are more */
export function toAuditPage(
  rows: readonly AuditRow[],
  limit: number,
): CallResponse<typeof messagesCalls, 'listAudit'> {
  const { taken, next_cursor } = cutPage(rows, limit, ({ id }) => ({ before: id }));
  return { entries: taken.map(toAuditEntry), next_cursor };
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  const { id, at, action, actor_kind, actor_id, target, ip, result, count } = row;
  return {
    // Of one length, so that ids sort as texts.
    id: `aud_${String(id).padStart(16, '0')}`,
    at,
    action,
    actor: { kind: actor_kind, id: actor_id },
    target,
    ip,
    result,
    ...(count > 1 && { count }),
  };
}
