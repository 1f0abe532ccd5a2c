import type { AuditEntry, AuditRecord, Origin } from '@agent-messenger/contracts';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../cursors';
import type { Store } from '../store';
import type { Sqlite, Transaction } from './sqlite';

/** Entries that one step of pruning removes. */
const STEP = 500;
const cursorSchema = z.object({ before: z.int().min(0) });

/** Writes the entry of a change in the transaction of the change. */
export interface AuditLog {
  write(
    tx: Transaction,
    by: Origin,
    entry: Pick<AuditRecord, 'action' | 'target'> & Partial<Pick<AuditRecord, 'result'>>,
  ): void;
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
}

export function createAuditLog({ db }: Sqlite): AuditLog {
  // A key's entries are found by its agent as well. Of a person who was erased, whose name is its id, no address is
  // kept either that comes later: its tokens have not run out, and refusals are recorded with a delay.
  const insert = db.prepare(
    `INSERT INTO audit (at, action, actor_kind, actor_id, target, identity_id, ip, result)
     VALUES (@at, @action, @actor_kind, @actor_id, @target,
       coalesce((SELECT agent_id FROM agent_keys WHERE key_id = @target), @target),
       iif(@actor_kind <> 'admin' AND EXISTS (
         SELECT 1 FROM identities WHERE id IN (@actor_id, @target) AND kind = 'user' AND name = id
       ), NULL, @ip), @result)`,
  );
  return {
    write({ at }, { actor, ip }, { action, target, result = 'ok' }) {
      insert.run({ at, action, actor_kind: actor.kind, actor_id: actor.id, target, ip, result });
    },
  };
}

export function createAudit(
  { db, write }: Sqlite,
  audit: AuditLog,
): Pick<Store, 'recordAudit' | 'listAudit' | 'pruneAudit'> {
  const newest = 'id < @before ORDER BY id DESC LIMIT @limit';
  // Two walks down an index each, rather than one over all that the identity ever did or met.
  const ofIdentity = (more = '') =>
    ['actor_id', 'identity_id']
      .map(
        (column) =>
          `SELECT * FROM (SELECT * FROM audit WHERE ${column} = @identity_id ${more} AND ${newest})`,
      )
      .join(' UNION ')
      .concat(' ORDER BY id DESC LIMIT @limit');
  const prepare = (sql: string) =>
    db.prepare<{ before: number; limit: number; action?: string; identity_id?: string }, AuditRow>(
      sql,
    );
  const all = prepare(`SELECT * FROM audit WHERE ${newest}`);
  const byAction = prepare(`SELECT * FROM audit WHERE action = @action AND ${newest}`);
  const byIdentity = prepare(ofIdentity());
  const byBoth = prepare(ofIdentity('AND action = @action'));
  const prune = db.prepare(
    `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ${STEP}) AND at < ?`,
  );

  return {
    async recordAudit({ records }) {
      return write((tx) => {
        for (const { actor, ip, ...entry } of records) audit.write(tx, { actor, ip }, entry);
        return {};
      });
    },

    async listAudit({ action, identity_id, limit, cursor }) {
      const before =
        cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(cursorSchema, cursor).before;
      const [narrow, wide] =
        action === undefined ? [byIdentity, all] : ([byBoth, byAction] as const);
      const rows = (identity_id === undefined ? wide : narrow).all({
        before,
        limit: limit + 1,
        ...(action !== undefined && { action }),
        ...(identity_id !== undefined && { identity_id }),
      });
      const more = rows.length > limit;
      if (more) rows.pop();
      return {
        entries: rows.map(toAuditEntry),
        next_cursor: more ? encodeCursor({ before: rows.at(-1)?.id }) : null,
      };
    },

    async pruneAudit(before) {
      return write(() => prune.run(before).changes === STEP);
    },
  };
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  const { id, at, action, actor_kind, actor_id, target, ip, result } = row;
  return {
    // Of one length, so that ids sort as texts.
    id: `aud_${String(id).padStart(16, '0')}`,
    at,
    action,
    actor: { kind: actor_kind, id: actor_id },
    target,
    ip,
    result,
  };
}
