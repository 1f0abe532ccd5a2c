import type { Store } from '../../store';
import { noSuchUser } from '../../no-such-user';
import type { AuditLog } from '../audit';
import { sharedConversation } from '../conversations/conversation-reader';
import { removeConversation } from '../conversations/remove-conversation';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';
import type { PushCorrections } from '../push/push-corrections';
import type { Quotas } from '../quotas';
import type { Credentials } from './credentials';
import type { Sessions } from './sessions';

/** Conversations, or audit entries, that one step looks at. */
const STEP = 100;
/** Push marks that one transaction removes. */
const MARKS = 1_000;
const LEAST_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Erasing a person. At once, in one transaction: its name, password, sessions and devices, so that nobody can be it
 * any more. Its conversations and its addresses in the audit log follow in bounded steps, as part of the purge; how far
 * they are is in the database, so that whoever comes next goes on there. What remains is an id, for the log and the
 * audit log.
 */
export interface Erasure {
  calls: Pick<Store, 'eraseUser'>;
  /** Takes a step of an erasure that is under way; false when there is none. */
  step(tx: Tx): Promise<boolean>;
}

interface ErasureParts {
  audit: AuditLog;
  credentials: Credentials;
  quotas: Quotas;
  sessions: Sessions;
  corrections: Pick<PushCorrections, 'ended'>;
}

interface ErasureRow {
  user_id: string;
  /** Its conversations up to this one are deleted; null when all are. */
  after_conversation: string | null;
  /** Its audit entries up to this one are done. */
  after_audit: number;
}

interface ConversationRow {
  conversation: string;
  actor: number;
  last_seq: number;
  deleted_at: string | null;
}

// Nobody appends as this person, or makes a conversation with it, while it is erased.
const LOCK_IDENTITY = 'SELECT 1 FROM identities WHERE id = $1 FOR UPDATE';
const LOCK_USER = `SELECT i.name FROM users u JOIN identities i ON i.id = u.id
  WHERE u.id = $1 FOR UPDATE OF u`;
const DROP_MARKS = `DELETE FROM push_marks WHERE (user_id, device_id, conversation) IN (
  SELECT user_id, device_id, conversation FROM push_marks WHERE user_id = $1 LIMIT ${MARKS})`;
// The id in the place of the name: names are unique, and too short to be an id.
const FORGET_NAME =
  'UPDATE identities SET name = id, last_connected_at = NULL, erased = true WHERE id = $1';
const CONVERSATIONS = `SELECT m.conversation, m.identity AS actor, c.last_seq, c.deleted_at
  FROM members m JOIN conversations c ON c.id = m.conversation
  WHERE m.identity = (SELECT n FROM identities WHERE id = $1) AND m.conversation > $2
  ORDER BY m.conversation LIMIT ${STEP} FOR NO KEY UPDATE OF c`;
const ENTRIES = `(SELECT id FROM audit WHERE actor_id = $1 AND id > $2 ORDER BY id LIMIT ${STEP})
  UNION (SELECT id FROM audit WHERE identity_id = $1 AND id > $2 ORDER BY id LIMIT ${STEP})
  ORDER BY id LIMIT ${STEP}`;
// The address of an admin is not the person's.
const FORGET_ADDRESSES =
  "UPDATE audit SET ip = NULL WHERE id = ANY ($1::bigint[]) AND actor_kind <> 'admin'";

export function createErasure(
  { write }: Postgres,
  { audit, corrections, credentials, quotas, sessions }: ErasureParts,
): Erasure {
  /** Deletes some conversations; of those that were deleted before, the last event still has the name. */
  async function removeConversations(tx: Tx, userId: string, after: string): Promise<void> {
    const found = await tx.all<ConversationRow>(CONVERSATIONS, [userId, after]);
    const ending = found.map(async ({ conversation, actor, last_seq, deleted_at }) => {
      if (deleted_at === null) {
        await removeConversation(tx, corrections, { conversation, actor, last_seq });
      } else {
        const data = { conversation: await sharedConversation(tx, conversation) };
        const values = [conversation, last_seq, JSON.stringify(data)];
        tx.later('UPDATE log SET data = $3 WHERE conversation = $1 AND seq = $2', values);
      }
      tx.later('UPDATE conversations SET client_id = NULL WHERE id = $1', [conversation]);
    });
    await Promise.all(ending);
    const last = found.length < STEP ? undefined : found.at(-1);
    tx.later('UPDATE erasures SET after_conversation = $2 WHERE user_id = $1', [
      userId,
      last?.conversation ?? null,
    ]);
  }

  async function forgetAddresses(tx: Tx, userId: string, after: number): Promise<void> {
    const found = await tx.all<{ id: number }>(ENTRIES, [userId, after]);
    tx.later(FORGET_ADDRESSES, [found.map(({ id }) => id)]);
    const last = found.at(-1);
    if (found.length < STEP || !last) tx.later('DELETE FROM erasures WHERE user_id = $1', [userId]);
    else tx.later('UPDATE erasures SET after_audit = $2 WHERE user_id = $1', [userId, last.id]);
  }

  /** @returns its name */
  async function checkMayErase(tx: Tx, userId: string, sessionId: string | undefined) {
    tx.later(LOCK_IDENTITY, [userId]);
    const user = await tx.get<{ name: string }>(LOCK_USER, [userId]);
    // First: of a person that has erased itself, the session has ended.
    if (sessionId !== undefined) await credentials.check(tx, userId, sessionId);
    if (!user) throw noSuchUser();
    return user.name;
  }

  return {
    calls: {
      async eraseUser({ user_id, session_id, by }) {
        const dropMarks = (tx: Tx) => tx.run(DROP_MARKS, [user_id]);
        let dropped = await write(async (tx) => {
          await checkMayErase(tx, user_id, session_id);
          return dropMarks(tx);
        });
        // Beforehand, because they go with the devices and may be many. Nothing is lost if it ends here.
        while (dropped === MARKS) dropped = await write(dropMarks);
        return write(async (tx) => {
          const username = await checkMayErase(tx, user_id, session_id);
          const action = by.actor.kind === 'user' ? 'user.delete' : 'user.erase';
          audit.write(tx, by, { action, target: user_id });
          const ended = await sessions.endAll(tx, user_id);
          tx.later('DELETE FROM sessions WHERE user_id = $1', [user_id]);
          tx.later('DELETE FROM users WHERE id = $1', [user_id]);
          await quotas.forget(tx, user_id);
          tx.later(FORGET_NAME, [user_id]);
          tx.later('INSERT INTO erasures (user_id, after_conversation) VALUES ($1, $2)', [
            user_id,
            LEAST_UUID,
          ]);
          return { ended, username };
        });
      },
    },

    async step(tx) {
      const erasure = await tx.get<ErasureRow>('SELECT * FROM erasures ORDER BY user_id LIMIT 1');
      if (!erasure) return false;
      const { user_id, after_conversation, after_audit } = erasure;
      if (after_conversation !== null) await removeConversations(tx, user_id, after_conversation);
      else await forgetAddresses(tx, user_id, after_audit);
      return true;
    },
  };
}
