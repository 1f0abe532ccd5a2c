import { CHARGED_BYTES } from '../purge-rules';
import type { Store } from '../store';
import type { Erasure } from './accounts/erasure';
import type { Tx } from './driver/transactions';
import type { Access } from './log/access';
import type { Postgres } from './postgres';
import type { Quotas } from './quotas';

/** Rows that one step removes. */
const STEP = 100;
/** Conversations that one step looks at. */
const CONVERSATIONS = 50;

interface Deleted {
  id: string;
  last_seq: number;
}

interface Dropped {
  identity_id: string;
  events: number;
  bytes: number;
}

/** One replica at a time: whoever has the row for the length of a step. It is given back when that one dies. */
const TURN = `SELECT 1 FROM turns WHERE name = 'purge' FOR UPDATE SKIP LOCKED`;
const TO_EMPTY = `SELECT id, last_seq FROM conversations WHERE deleted_at IS NOT NULL AND NOT emptied
  ORDER BY id LIMIT ${CONVERSATIONS} FOR NO KEY UPDATE SKIP LOCKED`;
const DROP_EVENTS = `WITH dropped AS (
    DELETE FROM log WHERE conversation = $1 AND seq IN (
      SELECT seq FROM log WHERE conversation = $1 AND seq < $2 ORDER BY seq LIMIT ${STEP})
    RETURNING conversation, seq, actor, coalesce(octet_length(content), 0) + coalesce(octet_length(metadata), 0)
      + coalesce(octet_length(actions), 0)
      + ${CHARGED_BYTES} AS bytes),
  forgotten AS (
    DELETE FROM sends s USING dropped d WHERE s.conversation = d.conversation AND s.seq = d.seq)
  SELECT i.id AS identity_id, count(*) AS events, sum(d.bytes)::bigint AS bytes
  FROM dropped d JOIN identities i ON i.n = d.actor GROUP BY i.id`;
const EXPIRED = `SELECT id, rev FROM conversations
  WHERE deleted_at IS NOT NULL AND emptied AND deleted_at < $1 LIMIT 1 FOR UPDATE SKIP LOCKED`;
const OF_CONVERSATION = ['log', 'sends', 'members', 'push_marks', 'delivery_attempts'];
const DROP_PENDING = `DELETE FROM pending p USING members m
  WHERE m.conversation = $1 AND p.identity = m.identity AND p.conversation = m.conversation`;
const RAISE_FORGOTTEN = `INSERT INTO meta (key, value) VALUES ('forgotten_rev', $1)
  ON CONFLICT (key) DO UPDATE SET value = greatest(meta.value::bigint, excluded.value::bigint)::text`;

/**
 * Deleting a conversation only marks it, because a log can be long. What remains to be removed is told from the tables
 * alone, so that whoever comes next goes on where the last one was.
 */
export function createPurge(
  { write }: Postgres,
  { access, erasure, quotas }: { access: Access; erasure: Erasure; quotas: Quotas },
): Pick<Store, 'purge'> {
  /** Removes some of what is in them; whether there was any. */
  async function emptySome(tx: Tx): Promise<boolean> {
    const deleted = await tx.all<Deleted>(TO_EMPTY);
    const dropped: Dropped[] = [];
    let rows = 0;
    for (const { id, last_seq } of deleted) {
      if (rows >= STEP) break;
      const found = await tx.all<Dropped>(DROP_EVENTS, [id, last_seq]);
      const events = found.reduce((sum, each) => sum + each.events, 0);
      if (events < STEP) tx.later('UPDATE conversations SET emptied = true WHERE id = $1', [id]);
      dropped.push(...found);
      rows += events + 1;
    }
    if (dropped.length > 0) {
      const ledger = await quotas.open(
        tx,
        dropped.map(({ identity_id }) => identity_id),
      );
      for (const { identity_id, bytes } of dropped) ledger.giveBack(identity_id, bytes);
      ledger.save(tx);
    }
    return deleted.length > 0;
  }

  /** A device that has not listed since cannot be told any more that the conversation is gone: its token expires. */
  async function forgetOne(tx: Tx): Promise<boolean> {
    const gone = await tx.get<{ id: string; rev: number }>(EXPIRED, [access.formerSince()]);
    if (!gone) return false;
    tx.later(DROP_PENDING, [gone.id]);
    for (const table of OF_CONVERSATION) {
      tx.later(`DELETE FROM ${table} WHERE conversation = $1`, [gone.id]);
    }
    tx.later('DELETE FROM conversations WHERE id = $1', [gone.id]);
    tx.later(RAISE_FORGOTTEN, [String(gone.rev)]);
    return true;
  }

  return {
    purge: () =>
      write(async (tx) => {
        if (!(await tx.get(TURN))) return false;
        return (await erasure.step(tx)) || (await emptySome(tx)) || forgetOne(tx);
      }),
  };
}
