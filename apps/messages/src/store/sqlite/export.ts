import { toAuditEntry, type AuditRow } from '../audit-rows';
import {
  accountSteps,
  ExportPage,
  parseJson,
  toEntryRecord,
  type ExportPosition,
  type ExportStep,
} from '../export-rules';
import type { Store } from '../store';
import type { AuditLog } from './audit';
import { noSuchUser } from '../no-such-user';
import { toMessage } from '../message-rows';
import { MESSAGE_SELECT, unpackMessage, type StoredMessage } from './rows';
import type { Sqlite } from './sqlite';

interface ConversationRow {
  id: string;
  title: string | null;
  created_at: string;
  muted: number;
  archived: number;
  tags: string;
}

export interface Export {
  /** Records that a person is exported, with the first page. Throws `not_found`. */
  begin(request: Parameters<Store['exportUser']>[0]): Promise<void>;
  readPage: Store['exportUser'];
}

/**
 * Everything that is kept about a person, one record after the other: the account (person, sessions, devices), each
 * conversation followed by its messages, the audit log. Nothing in it lets somebody act as the person: no password
 * hash, no digests, no device tokens. A page is read lazily and ends when it is full by count or by bytes.
 */
export function createExport({ db, digestKey, write }: Sqlite, audit: AuditLog): Export {
  const person = db.prepare<[string], Record<string, unknown>>(
    `SELECT u.id, i.name AS username, i.created_at, i.last_connected_at, u.disabled_at
     FROM users u JOIN identities i ON i.id = u.id WHERE u.id = ?`,
  );
  const sessions = db.prepare<[string], Record<string, unknown>>(
    'SELECT id, created_at, expires_at, revoked_at FROM sessions WHERE user_id = ? ORDER BY id',
  );
  const devices = db.prepare<[string], { quiet_hours: string | null }>(
    `SELECT device_id, platform, registered_at, quiet_hours FROM push_tokens
     WHERE user_id = ? ORDER BY device_id`,
  );
  const conversationsAfter = db.prepare<[string, string], ConversationRow>(
    `SELECT c.id, c.title, c.created_at, m.muted, m.archived, m.tags
     FROM members m JOIN conversations c ON c.n = m.conversation
     WHERE m.identity = (SELECT n FROM identities WHERE id = ?)
       AND m.conversation > ifnull((SELECT n FROM conversations WHERE id = ?), 0)
       AND m.left_seq IS NULL AND c.deleted_at IS NULL
     ORDER BY m.conversation LIMIT 1`,
  );
  const messagesAfter = db.prepare<[string, string, number], StoredMessage>(
    `${MESSAGE_SELECT} JOIN members m ON m.conversation = c.n
     WHERE m.identity = (SELECT n FROM identities WHERE id = ?) AND c.id = ? AND x.seq > ? AND x.seq >= m.joined_seq
       AND x.id IS NOT NULL
     ORDER BY x.seq`,
  );
  const entriesAfter = db.prepare<{ user: string; after: number; limit: number }, AuditRow>(
    `SELECT * FROM (SELECT * FROM audit WHERE actor_id = @user AND id > @after ORDER BY id LIMIT @limit)
     UNION
     SELECT * FROM (SELECT * FROM audit WHERE identity_id = @user AND id > @after ORDER BY id LIMIT @limit)
     ORDER BY id LIMIT @limit`,
  );

  function* conversations(
    userId: string,
    from: { conversation: string; seq: number },
  ): Generator<ExportStep> {
    let { conversation, seq } = from;
    for (;;) {
      for (const row of messagesAfter.iterate(userId, conversation, seq)) {
        const next = { section: 'conversations', conversation, seq: row.seq } as const;
        yield { record: { type: 'message', data: { ...toMessage(unpackMessage(row)) } }, next };
      }
      const row = conversationsAfter.get(userId, conversation);
      if (!row) return;
      conversation = row.id;
      seq = 0;
      const { muted, archived, tags, ...shared } = row;
      const data = {
        ...shared,
        muted: muted === 1,
        archived: archived === 1,
        tags: parseJson(tags),
      };
      const next = { section: 'conversations', conversation, seq } as const;
      yield { record: { type: 'conversation', data }, next };
    }
  }

  function* entries(userId: string, after: number, limit: number): Generator<ExportStep> {
    for (const row of entriesAfter.all({ user: userId, after, limit })) {
      const next = { section: 'audit', after: row.id } as const;
      yield { record: toEntryRecord(toAuditEntry(row)), next };
    }
  }

  function* recordsFrom(
    userId: string,
    from: ExportPosition,
    limit: number,
  ): Generator<ExportStep> {
    if (from.section === 'account') {
      const rows = [person.all(userId), sessions.all(userId), devices.all(userId)] as const;
      yield* accountSteps(rows, from.after);
    }
    if (from.section !== 'audit') {
      const start = from.section === 'conversations' ? from : { conversation: '', seq: 0 };
      yield* conversations(userId, start);
    }
    yield* entries(userId, from.section === 'audit' ? from.after : 0, limit);
  }

  return {
    async begin({ user_id, cursor, by }) {
      if (!person.get(user_id)) throw noSuchUser();
      // An export has one entry, of its first page: without one nobody has a cursor.
      if (cursor === undefined) {
        await write((tx) => audit.write(tx, by, { action: 'user.export', target: user_id }));
      }
    },

    async readPage({ user_id, limit, cursor }) {
      if (!person.get(user_id)) throw noSuchUser();
      const page = new ExportPage(digestKey, { user_id, limit, cursor });
      for (const step of recordsFrom(user_id, page.from, limit + 1)) {
        if (!page.add(step)) return page.answer(false);
      }
      return page.answer(true);
    },
  };
}
