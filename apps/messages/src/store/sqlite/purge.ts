import type { Access } from './access';
import type { Erasure } from './erasure';
import type { Quotas } from './quotas';
import { CHARGED_BYTES } from '../purge-rules';
import type { Sqlite, Transaction } from './sqlite';

/** Rows that one step removes: of the largest messages 6 MB, which are overwritten. */
const STEP = 100;

export interface Purge {
  /** Removes for good a small piece of what was deleted; false when nothing is left of it in the tables. */
  step(): Promise<boolean>;
  /** Removes it from the log of writes, which nobody reads meanwhile; false. */
  finish(): boolean;
}

/**
 * Deleting a conversation only marks it, because a log can be long and the store is blocked while it works. What
 * remains to be removed is told from the tables alone, so that a restart goes on where the last process was.
 */
export function createPurge(
  { db, write }: Sqlite,
  { access, erasure, quotas }: { access: Access; erasure: Erasure; quotas: Quotas },
): Purge {
  const toEmpty = db
    .prepare<[], number>(
      'SELECT n FROM conversations WHERE deleted_at IS NOT NULL AND emptied = 0 LIMIT 1',
    )
    .pluck();
  const dropEvents = db.prepare<[number], { actor: number; bytes: number }>(
    `DELETE FROM log WHERE pos IN (
       SELECT e.pos FROM conversations c JOIN log e ON e.conversation = c.n AND e.seq < c.last_seq
       WHERE c.n = ? LIMIT ${STEP})
     RETURNING actor,
       ifnull(length(CAST(content AS BLOB)), 0) + ifnull(length(CAST(metadata AS BLOB)), 0)
         + ifnull(length(CAST(actions AS BLOB)), 0)
         + ${CHARGED_BYTES} AS bytes`,
  );
  const idOf = db.prepare<[number], string>('SELECT id FROM identities WHERE n = ?').pluck();
  const setEmptied = db.prepare('UPDATE conversations SET emptied = 1 WHERE n = ?');
  const expired = db.prepare<[string], { n: number; rev: number }>(
    `SELECT n, rev FROM conversations
     WHERE deleted_at IS NOT NULL AND emptied = 1 AND deleted_at < ? LIMIT 1`,
  );
  const dropLastEvent = db.prepare('DELETE FROM log WHERE conversation = ?');
  const dropMembers = db.prepare('DELETE FROM members WHERE conversation = ?');
  const dropConversation = db.prepare('DELETE FROM conversations WHERE n = ?');
  const raiseForgotten = db.prepare(
    `INSERT INTO meta (key, value) VALUES ('forgotten_rev', ?)
     ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
  );

  /** Removes some of what is in it; how many rows that changed. */
  function empty(tx: Transaction, conversation: number): number {
    const dropped = dropEvents.all(conversation);
    for (const { actor, bytes } of dropped) quotas.giveBack(tx, idOf.get(actor) ?? '', bytes);
    if (dropped.length < STEP) setEmptied.run(conversation);
    return dropped.length + 1;
  }

  /** Many small ones share a step. */
  function emptySome(tx: Transaction): void {
    let rows = 0;
    while (rows < STEP) {
      const deleted = toEmpty.get();
      if (deleted === undefined) return;
      rows += empty(tx, deleted);
    }
  }

  /** A device that has not listed since cannot be told any more that the conversation is gone: its token expires. */
  function forget({ n, rev }: { n: number; rev: number }): void {
    dropLastEvent.run(n);
    dropMembers.run(n);
    dropConversation.run(n);
    raiseForgotten.run(rev);
  }

  return {
    async step() {
      if (await erasure.step()) return true;
      if (toEmpty.get() !== undefined) {
        await write(emptySome);
        return true;
      }
      const gone = expired.get(access.formerSince());
      if (gone) {
        await write(() => forget(gone));
        return true;
      }
      return false;
    },
    finish() {
      // Overwritten in the database, the texts of deleted and edited messages are still in the log of its writes.
      db.pragma('wal_checkpoint(TRUNCATE)');
      return false;
    },
  };
}
