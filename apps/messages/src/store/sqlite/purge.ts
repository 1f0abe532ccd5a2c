import type { Store } from '../store';
import type { Access } from './access';
import type { Erasure } from './erasure';
import type { Sqlite } from './sqlite';

/** Rows of a kind that one step removes: of the largest messages 6 MB, which are overwritten. */
const STEP = 100;

/**
 * Deleting a conversation only marks it, because a log can be long and the store is blocked while it works. What
 * remains to be removed is told from the tables alone, so that a restart goes on where the last process was.
 */
export function createPurge(
  { db, write }: Sqlite,
  { access, erasure }: { access: Access; erasure: Erasure },
): Pick<Store, 'purge'> {
  const toEmpty = db
    .prepare<[], string>(
      'SELECT id FROM conversations WHERE deleted_at IS NOT NULL AND emptied = 0 LIMIT 1',
    )
    .pluck();
  const dropMessages = db.prepare(
    `DELETE FROM messages WHERE rowid IN (SELECT rowid FROM messages WHERE conversation_id = ? LIMIT ${STEP})`,
  );
  const dropEvents = db.prepare(
    `DELETE FROM events WHERE pos IN (
       SELECT e.pos FROM events e JOIN conversations c ON c.id = e.conversation_id
       WHERE e.conversation_id = ? AND e.seq < c.last_seq LIMIT ${STEP})`,
  );
  const setEmptied = db.prepare('UPDATE conversations SET emptied = 1 WHERE id = ?');
  const expired = db.prepare<[string], { id: string; rev: number }>(
    `SELECT id, rev FROM conversations
     WHERE deleted_at IS NOT NULL AND emptied = 1 AND deleted_at < ? LIMIT 1`,
  );
  const dropLastEvent = db.prepare('DELETE FROM events WHERE conversation_id = ?');
  const dropMembers = db.prepare('DELETE FROM members WHERE conversation_id = ?');
  const dropConversation = db.prepare('DELETE FROM conversations WHERE id = ?');
  const raiseForgotten = db.prepare(
    `INSERT INTO meta (key, value) VALUES ('forgotten_rev', ?)
     ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
  );

  /** Removes some of what is in it; how many rows that changed. */
  function empty(id: string): number {
    const messages = dropMessages.run(id).changes;
    const events = dropEvents.run(id).changes;
    if (messages < STEP && events < STEP) setEmptied.run(id);
    return messages + events + 1;
  }

  /** Many small ones share a step. */
  function emptySome(): void {
    let rows = 0;
    while (rows < STEP) {
      const deleted = toEmpty.get();
      if (deleted === undefined) return;
      rows += empty(deleted);
    }
  }

  /** A device that has not listed since cannot be told any more that the conversation is gone: its token expires. */
  function forget({ id, rev }: { id: string; rev: number }): void {
    dropLastEvent.run(id);
    dropMembers.run(id);
    dropConversation.run(id);
    raiseForgotten.run(rev);
  }

  return {
    async purge() {
      if (erasure.step()) return true;
      if (toEmpty.get() !== undefined) {
        write(emptySome);
        return true;
      }
      const gone = expired.get(access.formerSince());
      if (gone) {
        write(() => forget(gone));
        return true;
      }
      // Overwritten in the database, the texts of deleted and edited messages are still in the log of its writes.
      db.pragma('wal_checkpoint(TRUNCATE)');
      return false;
    },
  };
}
