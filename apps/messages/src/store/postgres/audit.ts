import {
  entriesBefore,
  PRUNED_AT_ONCE,
  toAuditPage,
  type AuditLog as AuditLogOf,
  type AuditRow,
} from '../audit-rows';
import type { Store } from '../store';
import type { Tx } from './driver/transactions';
import type { Value } from './driver/value-types';
import type { Postgres } from './postgres';
import type { Quotas } from './quotas';

export type AuditLog = AuditLogOf<Tx>;

// A key's entries are found by its agent as well. Of a person who was erased no address is kept either that comes
// later: its tokens have not run out, and refusals are recorded with a delay.
const INSERT = `INSERT INTO audit (at, action, actor_kind, actor_id, target, identity_id, ip, result, count)
  SELECT $1, $2, $3, $4, $5, coalesce((SELECT agent_id FROM agent_keys WHERE key_id = $5), $5),
    CASE WHEN $3 <> 'admin' AND EXISTS (SELECT 1 FROM identities WHERE id IN ($4, $5) AND erased) THEN NULL ELSE $6 END,
    $7, $8::bigint`;

export function createAuditLog(): AuditLog {
  return {
    write(tx, { actor, ip }, { action, target, result = 'ok', count = 1 }) {
      tx.later(INSERT, [tx.at, action, actor.kind, actor.id, target, ip, result, count]);
    },
  };
}

export function createAudit(
  { read, write }: Postgres,
  { audit, quotas }: { audit: AuditLog; quotas: Quotas },
): Pick<Store, 'recordAudit' | 'listAudit' | 'pruneAudit'> {
  const newest = 'id < $1 ORDER BY id DESC LIMIT $2';
  // Two walks down an index each, rather than one over all that the identity ever did or met.
  const ofIdentity = (more: string) =>
    ['actor_id', 'identity_id']
      .map((column) => `(SELECT * FROM audit WHERE ${column} = $3 ${more} AND ${newest})`)
      .join(' UNION ')
      .concat(' ORDER BY id DESC LIMIT $2');

  function listing(action: string | undefined, identityId: string | undefined): [string, Value[]] {
    if (identityId !== undefined) {
      const [more, values] = action === undefined ? ['', []] : ['AND action = $4', [action]];
      return [ofIdentity(more), [identityId, ...values]];
    }
    if (action !== undefined)
      return [`SELECT * FROM audit WHERE action = $3 AND ${newest}`, [action]];
    return [`SELECT * FROM audit WHERE ${newest}`, []];
  }

  return {
    async recordAudit({ records }) {
      // Refusals wait where they were counted: they must not take the last room on the disk.
      if (records.every(({ result }) => result !== 'ok')) quotas.checkRoom();
      return write(async (tx) => {
        for (const { actor, ip, ...entry } of records) audit.write(tx, { actor, ip }, entry);
        return {};
      });
    },

    async listAudit({ action, identity_id, limit, cursor }) {
      const before = entriesBefore(cursor);
      const [sql, values] = listing(action, identity_id);
      const rows = await read((tx) => tx.all<AuditRow>(sql, [before, limit + 1, ...values]));
      return toAuditPage(rows, limit);
    },

    async pruneAudit(before) {
      const sql = `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ${PRUNED_AT_ONCE}) AND at < $1`;
      return (await write((tx) => tx.run(sql, [before]))) === PRUNED_AT_ONCE;
    },
  };
}
