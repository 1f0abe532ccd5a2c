import {
  entriesBefore,
  PRUNED_AT_ONCE,
  toAuditPage,
  type AuditLog as AuditLogOf,
  type AuditRow,
} from '../audit-rows';
import type { Store } from '../store';
import type { Quotas } from './quotas';
import type { Sqlite, Transaction } from './sqlite';

export type AuditLog = AuditLogOf<Transaction>;

export function createAuditLog({ db }: Sqlite): AuditLog {
  // A key's entries are found by its agent as well. Of a person who was erased no address is kept either that comes
  // later: its tokens have not run out, and refusals are recorded with a delay.
  const insert = db.prepare(
    `INSERT INTO audit (at, action, actor_kind, actor_id, target, identity_id, ip, result, count)
     VALUES (@at, @action, @actor_kind, @actor_id, @target,
       coalesce((SELECT agent_id FROM agent_keys WHERE key_id = @target), @target),
       iif(@actor_kind <> 'admin' AND EXISTS (
         SELECT 1 FROM identities WHERE id IN (@actor_id, @target) AND erased = 1
       ), NULL, @ip), @result, @count)`,
  );
  return {
    write({ at }, { actor, ip }, { action, target, result = 'ok', count = 1 }) {
      const [actor_kind, actor_id] = [actor.kind, actor.id];
      insert.run({ at, action, actor_kind, actor_id, target, ip, result, count });
    },
  };
}

export function createAudit(
  { db, write }: Sqlite,
  { audit, quotas }: { audit: AuditLog; quotas: Quotas },
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
    `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ${PRUNED_AT_ONCE}) AND at < ?`,
  );

  return {
    async recordAudit({ records }) {
      // Refusals wait where they were counted: they must not take the last room on the disk.
      if (records.every(({ result }) => result !== 'ok')) quotas.checkRoom();
      return write((tx) => {
        for (const { actor, ip, ...entry } of records) audit.write(tx, { actor, ip }, entry);
        return {};
      });
    },

    async listAudit({ action, identity_id, limit, cursor }) {
      const before = entriesBefore(cursor);
      const [narrow, wide] =
        action === undefined ? [byIdentity, all] : ([byBoth, byAction] as const);
      const rows = (identity_id === undefined ? wide : narrow).all({
        before,
        limit: limit + 1,
        ...(action !== undefined && { action }),
        ...(identity_id !== undefined && { identity_id }),
      });
      return toAuditPage(rows, limit);
    },

    async pruneAudit(before) {
      return write(() => prune.run(before).changes === PRUNED_AT_ONCE);
    },
  };
}
