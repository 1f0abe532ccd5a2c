import type { Conversation } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { decodeCursor, encodeCursor, listCursorSchema, syncTokenSchema } from '../cursors';
import { digestOf } from '../send-digest';
import type { Store } from '../store';
import type { Access } from './access';
import { noSuchAgent } from './agents';
import type { ConversationReader, ConversationRow } from './conversation-reader';
import type { EventWriter } from './event-writer';
import { noSuchUser } from './people';
import type { Sqlite } from './sqlite';

type Conversations = Pick<
  Store,
  'createConversation' | 'getConversation' | 'listConversations' | 'listMembers'
>;
/** Who missed more removals than this reloads. */
const REMOVED_MAX = 1_000;

export function createConversations(
  { db, logId, digestKey, write }: Sqlite,
  { access, events, reader }: { access: Access; events: EventWriter; reader: ConversationReader },
): Conversations {
  const byClientId = db.prepare<[string, string], { id: string; digest: Buffer }>(
    'SELECT id, digest FROM conversations WHERE created_by = ? AND client_id = ?',
  );
  const userExists = db.prepare<[string]>('SELECT 1 FROM users WHERE id = ?');
  const agentExists = db.prepare<[string]>(
    'SELECT 1 FROM agents WHERE id = ? AND deleted_at IS NULL',
  );
  const insert = db.prepare(
    `INSERT INTO conversations (id, title, created_at, created_by, client_id, digest, last_seq, last_pos, rev)
     VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?)`,
  );
  const insertMember = db.prepare(
    'INSERT INTO members (conversation_id, identity_id, joined_seq, rev) VALUES (?, ?, 1, ?)',
  );
  const currentRev = db.prepare("SELECT value FROM meta WHERE key = 'rev'").pluck();
  /** Of what was deleted up to this revision nothing is known any more. */
  const forgottenRev = db.prepare("SELECT value FROM meta WHERE key = 'forgotten_rev'").pluck();
  const page = db.prepare<[string, number, number, number, number], ConversationRow>(
    `${reader.select}
     WHERE m.identity_id = ? AND m.left_seq IS NULL AND c.deleted_at IS NULL
       AND c.last_pos < ? AND (m.rev > ? OR c.rev > ?)
     ORDER BY c.last_pos DESC LIMIT ?`,
  );
  const removedSince = db
    .prepare<[string, number, number, number], string>(
      `SELECT c.id FROM members m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.identity_id = ? AND (m.left_seq IS NOT NULL OR c.deleted_at IS NOT NULL)
         AND (m.rev > ? OR c.rev > ?) LIMIT ?`,
    )
    .pluck();

  /** What a listing goes by: where it stands, and the state of the store when it began. */
  function listingOf({
    since,
    cursor,
  }: {
    since?: string | undefined;
    cursor?: string | undefined;
  }) {
    const rev = Number(currentRev.get());
    const ours = <T extends { log_id: string; rev: number }>(token: T): T => {
      if (token.log_id !== logId || token.rev > rev) {
        throw new AppError('sync_token_expired', 'The log is another one now: reload.');
      }
      return token;
    };
    const complete = (since: number | null): number | null => {
      if (since !== null && since < Number(forgottenRev.get() ?? 0)) {
        throw new AppError('sync_token_expired', 'Too long ago to know what is gone: reload.');
      }
      return since;
    };
    if (cursor !== undefined) {
      const listing = ours(decodeCursor(listCursorSchema, cursor));
      return { ...listing, since: complete(listing.since) };
    }
    return {
      log_id: logId,
      rev,
      since: since === undefined ? null : complete(ours(decodeCursor(syncTokenSchema, since)).rev),
      before_pos: null,
    };
  }

  return {
    async createConversation({ user_id, agent_id, title, client_id }) {
      return write((tx) => {
        const digest = digestOf(digestKey, [agent_id, title]);
        const first = client_id === undefined ? undefined : byClientId.get(user_id, client_id);
        if (first) {
          if (!first.digest.equals(digest)) {
            throw new AppError('conflict', 'This client_id was used for another conversation.');
          }
          access.present(first.id, user_id);
          return { conversation: reader.read(first.id, user_id), created: false };
        }
        if (!userExists.get(user_id)) throw noSuchUser();
        if (!agentExists.get(agent_id)) throw noSuchAgent();
        const id = `cnv_${uuidv7()}`;
        insert.run(id, title ?? null, tx.at, user_id, client_id ?? null, digest, tx.rev);
        for (const member of [user_id, agent_id]) insertMember.run(id, member, tx.rev);
        events.write(tx, {
          conversation_id: id,
          seq: 1,
          type: 'conversation.created',
          actor_id: user_id,
          data: { conversation: reader.shared(id) },
        });
        return { conversation: reader.read(id, user_id), created: true };
      });
    },

    async getConversation({ identity_id, conversation_id }) {
      access.present(conversation_id, identity_id);
      return reader.read(conversation_id, identity_id);
    },

    async listConversations({ identity_id, since, limit, cursor }) {
      const listing = listingOf({ since, cursor });
      const { rev, before_pos } = listing;
      // Every row's rev is above -1: without `since` everything is listed.
      const from = listing.since ?? -1;
      const before = before_pos ?? Number.MAX_SAFE_INTEGER;
      const rows = page.all(identity_id, before, from, from, limit + 1);
      const more = rows.length > limit;
      if (more) rows.pop();

      let removed: string[] = [];
      if (listing.since !== null && before_pos === null) {
        removed = removedSince.all(identity_id, from, from, REMOVED_MAX + 1);
        if (removed.length > REMOVED_MAX) {
          throw new AppError('sync_token_expired', 'Too much has changed since: reload.');
        }
      }
      const last = rows.at(-1);
      return {
        conversations: rows.map((row): Conversation => reader.toConversation(row)),
        removed,
        next_cursor:
          more && last
            ? encodeCursor({ log_id: logId, rev, since: listing.since, before_pos: last.last_pos })
            : null,
        sync_token: encodeCursor({ log_id: logId, rev }),
        log_id: logId,
      };
    },

    async listMembers({ identity_id, conversation_id }) {
      access.present(conversation_id, identity_id);
      return {
        members: reader.members(conversation_id).map(({ id, kind, name }) => ({ id, kind, name })),
      };
    },
  };
}
