import type { Store } from '../store';
import type { AuditLog } from './audit';
import type { ConversationReader } from './conversation-reader';
import type { ConversationRemover } from './conversation-remover';
import type { Credentials } from './credentials';
import type { Quotas } from './quotas';
import { noSuchUser } from '../no-such-user';
import type { Sessions } from './sessions';
import type { Sqlite, Transaction } from './sqlite';

/** Conversations, or audit entries, that one step looks at. */
const STEP = 100;
/** Push marks that one transaction removes. */
const MARKS = 1_000;

/**
 * Erasing a person. At once, in one transaction: its name, password, sessions and devices, so that nobody can be it
 * any more. Its conversations and its addresses in the audit log follow in bounded steps, as part of the purge; how far
 * they are is in the database, so that a restart goes on there. What remains is an id, for the log and the audit log.
 */
export interface Erasure {
  calls: Pick<Store, 'eraseUser'>;
  /** Takes a step of an erasure that is under way; false when there is none. */
  step(): Promise<boolean>;
}

interface ErasureRow {
  user_id: string;
  /** Its conversations up to this number are deleted; null when all are. */
  after_conversation: number | null;
  /** Its audit entries up to this one are done. */
  after_audit: number;
}

export function createErasure(
  { db, write }: Sqlite,
  {
    audit,
    credentials,
    quotas,
    reader,
    remover,
    sessions,
  }: {
    audit: AuditLog;
    credentials: Credentials;
    quotas: Quotas;
    reader: ConversationReader;
    remover: ConversationRemover;
    sessions: Sessions;
  },
): Erasure {
  const nameOf = db
    .prepare<[string], string>(
      'SELECT i.name FROM users u JOIN identities i ON i.id = u.id WHERE u.id = ?',
    )
    .pluck();
  const dropMarks = db.prepare(
    `DELETE FROM push_marks WHERE (user_id, device_id, conversation) IN (
       SELECT user_id, device_id, conversation FROM push_marks WHERE user_id = ? LIMIT ${MARKS})`,
  );
  const dropSessions = db.prepare('DELETE FROM sessions WHERE user_id = ?');
  const dropUser = db.prepare('DELETE FROM users WHERE id = ?');
  // The id in the place of the name: names are unique, and too short to be an id.
  const forgetName = db.prepare(
    'UPDATE identities SET name = id, last_connected_at = NULL, erased = 1 WHERE id = ?',
  );
  const begin = db.prepare('INSERT INTO erasures (user_id, after_conversation) VALUES (?, 0)');
  const underWay = db.prepare<[], ErasureRow>('SELECT * FROM erasures LIMIT 1');
  const conversations = db.prepare<
    [string, number],
    { n: number; actor: number; last_seq: number; deleted_at: string | null }
  >(
    `SELECT c.n, m.identity AS actor, c.last_seq, c.deleted_at
     FROM members m JOIN conversations c ON c.n = m.conversation
     WHERE m.identity = (SELECT n FROM identities WHERE id = ?) AND m.conversation > ?
     ORDER BY m.conversation LIMIT ${STEP}`,
  );
  const rewriteEvent = db.prepare('UPDATE log SET data = ? WHERE conversation = ? AND seq = ?');
  const forgetClientIds = db.prepare('UPDATE conversations SET client_id = NULL WHERE n = ?');
  const setConversation = db.prepare(
    'UPDATE erasures SET after_conversation = ? WHERE user_id = ?',
  );
  const entries = db
    .prepare<{ user: string; after: number }, number>(
      `SELECT id FROM (SELECT id FROM audit WHERE actor_id = @user AND id > @after ORDER BY id LIMIT ${STEP})
     UNION
     SELECT id FROM (SELECT id FROM audit WHERE identity_id = @user AND id > @after ORDER BY id LIMIT ${STEP})
     ORDER BY id LIMIT ${STEP}`,
    )
    .pluck();
  // The address of an admin is not the person's.
  const forgetAddress = db.prepare(
    "UPDATE audit SET ip = NULL WHERE id = ? AND actor_kind <> 'admin'",
  );
  const setAudit = db.prepare('UPDATE erasures SET after_audit = ? WHERE user_id = ?');
  const finish = db.prepare('DELETE FROM erasures WHERE user_id = ?');

  /** Deletes some conversations; of those that were deleted before, the last event still has the name. */
  function removeConversations(tx: Transaction, userId: string, after: number): void {
    const found = conversations.all(userId, after);
    for (const { n: conversation, actor, last_seq, deleted_at } of found) {
      if (deleted_at === null) {
        remover.remove(tx, { conversation, actor, last_seq });
      } else {
        const data = { conversation: reader.shared(conversation) };
        rewriteEvent.run(JSON.stringify(data), conversation, last_seq);
      }
      forgetClientIds.run(conversation);
    }
    const last = found.at(-1);
    setConversation.run(found.length < STEP || !last ? null : last.n, userId);
  }

  function forgetAddresses(userId: string, after: number): void {
    const found = entries.all({ user: userId, after });
    for (const id of found) forgetAddress.run(id);
    const last = found.at(-1);
    if (found.length < STEP || last === undefined) finish.run(userId);
    else setAudit.run(last, userId);
  }

  /** @returns its name */
  function checkMayErase(userId: string, sessionId: string | undefined): string {
    // First: of a person that has erased itself, the session has ended.
    if (sessionId !== undefined) credentials.check(userId, sessionId);
    const name = nameOf.get(userId);
    if (name === undefined) throw noSuchUser();
    return name;
  }

  return {
    calls: {
      async eraseUser({ user_id, session_id, by }) {
        checkMayErase(user_id, session_id);
        // Beforehand, because they go with the devices and may be many. Nothing is lost if it ends here.
        while ((await write(() => dropMarks.run(user_id).changes)) === MARKS);
        return write((tx) => {
          const username = checkMayErase(user_id, session_id);
          const action = by.actor.kind === 'user' ? 'user.delete' : 'user.erase';
          audit.write(tx, by, { action, target: user_id });
          const ended = sessions.endAll(tx, user_id);
          dropSessions.run(user_id);
          dropUser.run(user_id);
          quotas.forget(tx, user_id);
          forgetName.run(user_id);
          begin.run(user_id);
          return { ended, username };
        });
      },
    },

    async step() {
      const erasure = underWay.get();
      if (!erasure) return false;
      const { user_id, after_conversation, after_audit } = erasure;
      await write((tx) => {
        if (after_conversation !== null) removeConversations(tx, user_id, after_conversation);
        else forgetAddresses(user_id, after_audit);
      });
      return true;
    },
  };
}
