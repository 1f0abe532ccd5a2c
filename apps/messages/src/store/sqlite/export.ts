import type { ExportedRecord } from '@agent-messenger/contracts';
import { z } from 'zod';
import { signCursor, verifyCursor } from '../cursors';
import type { Store } from '../store';
import { toAuditEntry, type AuditLog, type AuditRow } from './audit';
import { noSuchUser } from './people';
import { MESSAGE_COLUMNS, toMessage, type MessageRow } from './rows';
import type { Sqlite } from './sqlite';

/** About how much text a page carries at most. */
const PAGE_BYTES = 1024 * 1024;

/** Where a page ended. In `conversation` and `seq`: the messages of that conversation up to that one are exported. */
const cursorSchema = z.discriminatedUnion('section', [
  z.object({ section: z.literal('account'), after: z.int().min(0) }),
  z.object({ section: z.literal('conversations'), conversation: z.string(), seq: z.int().min(0) }),
  z.object({ section: z.literal('audit'), after: z.int().min(0) }),
]);
type Position = z.infer<typeof cursorSchema>;

/** A record, and where the export goes on behind it. */
interface Step {
  record: ExportedRecord;
  next: Position;
}

interface ConversationRow {
  id: string;
  title: string | null;
  created_at: string;
  muted: number;
  archived: number;
  tags: string;
}

/**
 * Everything that is kept about a person, one record after the other: the account (person, sessions, devices), each
 * conversation followed by its messages, the audit log. Nothing in it lets somebody act as the person: no password
 * hash, no digests, no device tokens. A page is read lazily and ends when it is full by count or by bytes.
 */
export function createExport(
  { db, digestKey, write }: Sqlite,
  audit: AuditLog,
): Pick<Store, 'exportUser'> {
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
     FROM members m JOIN conversations c ON c.id = m.conversation_id
     WHERE m.identity_id = ? AND m.conversation_id > ? AND m.left_seq IS NULL AND c.deleted_at IS NULL
     ORDER BY m.conversation_id LIMIT 1`,
  );
  const messagesAfter = db.prepare<[string, string, number], MessageRow>(
    `SELECT ${MESSAGE_COLUMNS} FROM members m JOIN messages x ON x.conversation_id = m.conversation_id
     WHERE m.identity_id = ? AND m.conversation_id = ? AND x.seq > ? AND x.seq >= m.joined_seq
     ORDER BY x.seq`,
  );
  const entriesAfter = db.prepare<{ user: string; after: number; limit: number }, AuditRow>(
    `SELECT * FROM (SELECT * FROM audit WHERE actor_id = @user AND id > @after ORDER BY id LIMIT @limit)
     UNION
     SELECT * FROM (SELECT * FROM audit WHERE identity_id = @user AND id > @after ORDER BY id LIMIT @limit)
     ORDER BY id LIMIT @limit`,
  );

  function* account(userId: string, after: number): Generator<Step> {
    const records: ExportedRecord[] = [
      ...person.all(userId).map((data) => ({ type: 'user' as const, data })),
      ...sessions.all(userId).map((data) => ({ type: 'session' as const, data })),
      ...devices.all(userId).map(({ quiet_hours, ...data }) => ({
        type: 'device' as const,
        data: { ...data, quiet_hours: quiet_hours === null ? null : parse(quiet_hours) },
      })),
    ];
    for (const [index, record] of records.entries()) {
      if (index >= after) yield { record, next: { section: 'account', after: index + 1 } };
    }
  }

  function* conversations(
    userId: string,
    from: { conversation: string; seq: number },
  ): Generator<Step> {
    let { conversation, seq } = from;
    for (;;) {
      for (const row of messagesAfter.iterate(userId, conversation, seq)) {
        const next = { section: 'conversations', conversation, seq: row.seq } as const;
        yield { record: { type: 'message', data: { ...toMessage(row) } }, next };
      }
      const row = conversationsAfter.get(userId, conversation);
      if (!row) return;
      conversation = row.id;
      seq = 0;
      const { muted, archived, tags, ...shared } = row;
      const data = { ...shared, muted: muted === 1, archived: archived === 1, tags: parse(tags) };
      const next = { section: 'conversations', conversation, seq } as const;
      yield { record: { type: 'conversation', data }, next };
    }
  }

  function* entries(userId: string, after: number, limit: number): Generator<Step> {
    for (const row of entriesAfter.all({ user: userId, after, limit })) {
      const { ip, ...entry } = toAuditEntry(row);
      // The address of an admin is not the person's.
      const data = { ...entry, ip: row.actor_kind === 'admin' ? null : ip };
      yield { record: { type: 'audit', data }, next: { section: 'audit', after: row.id } };
    }
  }

  function* recordsFrom(userId: string, from: Position, limit: number): Generator<Step> {
    if (from.section === 'account') yield* account(userId, from.after);
    if (from.section !== 'audit') {
      const start = from.section === 'conversations' ? from : { conversation: '', seq: 0 };
      yield* conversations(userId, start);
    }
    yield* entries(userId, from.section === 'audit' ? from.after : 0, limit);
  }

  return {
    async exportUser({ user_id, limit, cursor, by }) {
      if (!person.get(user_id)) throw noSuchUser();
      // An export has one entry, of its first page: without one nobody has a cursor.
      const of = `export ${user_id}`;
      if (cursor === undefined) {
        write((tx) => audit.write(tx, by, { action: 'user.export', target: user_id }));
      }
      const from: Position =
        cursor === undefined
          ? { section: 'account', after: 0 }
          : verifyCursor(digestKey, of, cursorSchema, cursor);
      const records: ExportedRecord[] = [];
      let bytes = 0;
      let next = from;
      // One more than fits, to know whether this is all.
      for (const step of recordsFrom(user_id, from, limit + 1)) {
        if (records.length === limit || bytes >= PAGE_BYTES) {
          return { records, next_cursor: signCursor(digestKey, of, next) };
        }
        records.push(step.record);
        bytes += Buffer.byteLength(JSON.stringify(step.record));
        next = step.next;
      }
      return { records, next_cursor: null };
    },
  };
}

function parse(json: string): unknown {
  return JSON.parse(json) as unknown;
}
