import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { decodeCursor, encodeCursor } from '../cursors';
import { digestOf } from '../send-digest';
import type { Store } from '../store';
import { isFor, type Access } from './access';
import { noSuchAgent } from '../no-such-agent';
import { toShared, type ConversationReader, type ConversationRow } from './conversation-reader';
import type { EventWriter } from './event-writer';
import { noSuchUser } from '../no-such-user';
import { takePage } from '../pages';
import { bytesOf, EVENT_BYTES } from '../../storage/storage';
import type { Quotas } from './quotas';
import type { Sqlite } from './sqlite';
import { listCursorSchema, syncTokenSchema } from './sync-token';

type Conversations = Pick<
  Store,
  'createConversation' | 'getConversation' | 'listConversations' | 'listMembers'
>;
/** Who missed more removals than this reloads. */
const REMOVED_MAX = 1_000;
/** Conversations that a page looks at for what has changed: what it costs is bounded, whatever it finds. */
const LOOKED_AT = 1_000;

export function createConversations(
  { db, logId, digestKey, write, rev: currentRev }: Sqlite,
  {
    access,
    events,
    quotas,
    reader,
    most,
  }: {
    access: Access;
    events: EventWriter;
    quotas: Quotas;
    reader: ConversationReader;
    /** Conversations that a person may have at a time. */
    most: number;
  },
): Conversations {
  const byClientId = db.prepare<[string, string], { id: string; digest: Buffer }>(
    `SELECT c.id, c.digest FROM conversations c JOIN identities i ON i.n = c.created_by
     WHERE i.id = ? AND c.client_id = ?`,
  );
  const userNumber = db
    .prepare<[string], number>(
      'SELECT i.n FROM users u JOIN identities i ON i.id = u.id WHERE u.id = ?',
    )
    .pluck();
  const agentFor = db.prepare<[string, string], { n: number }>(
    `SELECT a.n FROM agents a WHERE a.id = ? AND a.deleted_at IS NULL AND ${isFor('?')}`,
  );
  // From the index alone; those that are deleted are not in it.
  const countOwn = db
    .prepare<[number]>(
      'SELECT count(*) FROM conversations WHERE created_by = ? AND deleted_at IS NULL',
    )
    .pluck();
  const insert = db.prepare(
    `INSERT INTO conversations (id, title, created_at, created_by, client_id, digest, last_seq, rev)
     VALUES (?, ?, ?, ?, ?, ?, 0, ?)`,
  );
  const insertMember = db.prepare(
    'INSERT INTO members (conversation, identity, joined_seq, rev, message_pos) VALUES (?, ?, 1, ?, 0)',
  );
  /** Of what was deleted up to this revision nothing is known any more. */
  const forgottenRev = db.prepare("SELECT value FROM meta WHERE key = 'forgotten_rev'").pluck();
  // What a member shows of itself, its name for one, is that of its identity.
  const page = db.prepare<
    [string, number, number, number, number, number, number],
    ConversationRow
  >(
    `${reader.select}
     WHERE m.identity = (SELECT n FROM identities WHERE id = ?)
       AND m.message_pos IS NOT NULL AND m.message_pos < ? AND m.message_pos >= ?
       AND (m.rev > ? OR c.rev > ? OR EXISTS (
         SELECT 1 FROM members o JOIN identities i ON i.n = o.identity
         WHERE o.conversation = c.n AND o.left_seq IS NULL AND i.rev > ?))
     ORDER BY m.message_pos DESC LIMIT ?`,
  );
  const lastLookedAt = db
    .prepare<[string, number], number>(
      `SELECT message_pos FROM members
       WHERE identity = (SELECT n FROM identities WHERE id = ?) AND message_pos IS NOT NULL AND message_pos < ?
       ORDER BY message_pos DESC LIMIT 2 OFFSET ${LOOKED_AT - 1}`,
    )
    .pluck();
  const removedSince = db
    .prepare<[string, number, number], string>(
      `SELECT c.id FROM members m JOIN conversations c ON c.n = m.conversation
       WHERE m.identity = (SELECT n FROM identities WHERE id = ?) AND m.message_pos IS NULL AND m.rev > ? LIMIT ?`,
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
    const rev = currentRev();
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
          const member = access.present(first.id, user_id);
          return { conversation: reader.read(member), created: false };
        }
        const user = userNumber.get(user_id);
        if (user === undefined) throw noSuchUser();
        const agent = agentFor.get(agent_id, user_id);
        if (!agent) throw noSuchAgent();
        if (Number(countOwn.get(user)) >= most) {
          throw new AppError('conflict', `A person has at most ${most} conversations.`);
        }
        quotas.charge(tx, user_id, EVENT_BYTES + bytesOf(title ?? null));
        const id = `cnv_${uuidv7()}`;
        const made = insert.run(id, title ?? null, tx.at, user, client_id ?? null, digest, tx.rev);
        const conversation = Number(made.lastInsertRowid);
        for (const member of [user, agent.n]) insertMember.run(conversation, member, tx.rev);
        events.write(tx, {
          conversation,
          actor: user,
          seq: 1,
          type: 'conversation.created',
          data: { conversation: reader.shared(conversation) },
        });
        return { conversation: reader.read({ conversation, identity: user }), created: true };
      });
    },

    async getConversation({ identity_id, conversation_id, compact }) {
      return reader.read(access.present(conversation_id, identity_id), compact);
    },

    async listConversations({ identity_id, since, limit, cursor, compact }) {
      const listing = listingOf({ since, cursor });
      const { rev, before_pos } = listing;
      // Every row's rev is above -1: without `since` everything is listed.
      const from = listing.since ?? -1;
      const before = before_pos ?? Number.MAX_SAFE_INTEGER;
      const make = (row: ConversationRow) => reader.toConversation(row, compact);
      const [end, beyond] = listing.since === null ? [] : lastLookedAt.all(identity_id, before);
      const stop = beyond === undefined ? undefined : end;
      const found = page.iterate(identity_id, before, stop ?? -1, from, from, from, limit + 1);
      const { taken, last, more } = takePage(found, make, { limit });
      const goesOnBefore = more ? last?.message_pos : stop;

      let removed: string[] = [];
      if (listing.since !== null && before_pos === null) {
        removed = removedSince.all(identity_id, from, REMOVED_MAX + 1);
        if (removed.length > REMOVED_MAX) {
          throw new AppError('sync_token_expired', 'Too much has changed since: reload.');
        }
      }
      return {
        conversations: taken,
        removed,
        next_cursor:
          goesOnBefore === undefined
            ? null
            : encodeCursor({
                log_id: logId,
                rev,
                since: listing.since,
                before_pos: goesOnBefore,
              }),
        sync_token: encodeCursor({ log_id: logId, rev }),
        log_id: logId,
      };
    },

    async listMembers({ identity_id, conversation_id }) {
      const { conversation } = access.present(conversation_id, identity_id);
      return {
        members: reader.members(conversation).map(toShared),
      };
    },
  };
}
