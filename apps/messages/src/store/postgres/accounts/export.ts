import { toAuditEntry, type AuditRow } from '../../audit-rows';
import {
  accountSteps,
  ExportPage,
  parseJson,
  toEntryRecord,
  type ExportPosition,
  type ExportStep,
} from '../../export-rules';
import { noSuchUser } from '../../no-such-user';
import type { Store } from '../../store';
import type { AuditLog } from '../audit';
import { packConversationId, unpackConversationId } from '../driver/ids';
import type { Tx } from '../driver/transactions';
import { MESSAGE_SELECT, toStoredMessage, type StoredMessage } from '../log/rows';
import type { Postgres } from '../postgres';

/** Messages that are read at a time. */
const AT_ONCE = 50;

interface ConversationRow {
  id: string;
  title: string | null;
  created_at: string;
  muted: boolean;
  archived: boolean;
  tags: string;
}

const PERSON = `SELECT u.id, i.name AS username, i.created_at, i.last_connected_at, u.disabled_at
  FROM users u JOIN identities i ON i.id = u.id WHERE u.id = $1`;
const SESSIONS =
  'SELECT id, created_at, expires_at, revoked_at FROM sessions WHERE user_id = $1 ORDER BY id';
const DEVICES = `SELECT device_id, platform, registered_at, quiet_hours FROM push_tokens
  WHERE user_id = $1 ORDER BY device_id`;
const NEXT_CONVERSATION = `SELECT c.id, c.title, c.created_at, m.muted, m.archived, m.tags
  FROM members m JOIN conversations c ON c.id = m.conversation
  WHERE m.identity = (SELECT n FROM identities WHERE id = $1) AND ($2::uuid IS NULL OR m.conversation > $2)
    AND m.left_seq IS NULL AND c.deleted_at IS NULL
  ORDER BY m.conversation LIMIT 1`;
const MESSAGES = `${MESSAGE_SELECT} JOIN members m ON m.conversation = x.conversation
  WHERE m.identity = (SELECT n FROM identities WHERE id = $1) AND x.conversation = $2 AND x.seq > $3
    AND x.seq >= m.joined_seq AND x.id IS NOT NULL
  ORDER BY x.seq LIMIT ${AT_ONCE}`;
const ENTRIES = `(SELECT * FROM audit WHERE actor_id = $1 AND id > $2 ORDER BY id LIMIT $3)
  UNION (SELECT * FROM audit WHERE identity_id = $1 AND id > $2 ORDER BY id LIMIT $3)
  ORDER BY id LIMIT $3`;

/**
 * Everything that is kept about a person, one record after the other: the account (person, sessions, devices), each
 * conversation followed by its messages, the audit log. Nothing in it lets somebody act as the person: no password
 * hash, no digests, no device tokens. A page is read lazily and ends when it is full by count or by bytes.
 */
export function createExport(
  { digestKey, read, write }: Postgres,
  audit: AuditLog,
): Pick<Store, 'exportUser'> {
  async function* messages(
    tx: Tx,
    userId: string,
    from: { conversation: string; seq: number },
  ): AsyncGenerator<ExportStep> {
    const { conversation } = from;
    const uuid = packConversationId(conversation);
    let { seq } = from;
    for (;;) {
      const rows = await tx.all<StoredMessage>(MESSAGES, [userId, uuid, seq]);
      for (const row of rows) {
        const next = { section: 'conversations', conversation, seq: row.seq } as const;
        yield { record: { type: 'message', data: { ...toStoredMessage(row) } }, next };
      }
      if (rows.length < AT_ONCE) return;
      seq = rows.at(-1)?.seq ?? seq;
    }
  }

  async function* conversations(
    tx: Tx,
    userId: string,
    from: { conversation: string; seq: number },
  ): AsyncGenerator<ExportStep> {
    let { conversation, seq } = from;
    for (;;) {
      yield* messages(tx, userId, { conversation, seq });
      const values = [userId, packConversationId(conversation)];
      const row = await tx.get<ConversationRow>(NEXT_CONVERSATION, values);
      if (!row) return;
      conversation = unpackConversationId(row.id);
      seq = 0;
      const data = { ...row, id: conversation, tags: parseJson(row.tags) };
      const next = { section: 'conversations', conversation, seq } as const;
      yield { record: { type: 'conversation', data }, next };
    }
  }

  async function* entries(
    tx: Tx,
    userId: string,
    [after, limit]: [after: number, limit: number],
  ): AsyncGenerator<ExportStep> {
    for (const row of await tx.all<AuditRow>(ENTRIES, [userId, after, limit])) {
      const next = { section: 'audit', after: row.id } as const;
      yield { record: toEntryRecord(toAuditEntry(row)), next };
    }
  }

  async function* recordsFrom(
    tx: Tx,
    userId: string,
    { from, limit }: { from: ExportPosition; limit: number },
  ): AsyncGenerator<ExportStep> {
    if (from.section === 'account') {
      const rows = await Promise.all([
        tx.all<Record<string, unknown>>(PERSON, [userId]),
        tx.all<Record<string, unknown>>(SESSIONS, [userId]),
        tx.all<{ quiet_hours: string | null }>(DEVICES, [userId]),
      ]);
      yield* accountSteps(rows, from.after);
    }
    if (from.section !== 'audit') {
      const start = from.section === 'conversations' ? from : { conversation: '', seq: 0 };
      yield* conversations(tx, userId, start);
    }
    yield* entries(tx, userId, [from.section === 'audit' ? from.after : 0, limit]);
  }

  return {
    async exportUser({ user_id, limit, cursor, by }) {
      const checkUser = async (tx: Tx) => {
        if (!(await tx.get('SELECT 1 FROM users WHERE id = $1', [user_id]))) throw noSuchUser();
      };
      // An export has one entry, of its first page: without one nobody has a cursor.
      if (cursor === undefined) {
        await write(async (tx) => {
          await checkUser(tx);
          audit.write(tx, by, { action: 'user.export', target: user_id });
        });
      }
      return read(async (tx) => {
        await checkUser(tx);
        const page = new ExportPage(digestKey, { user_id, limit, cursor });
        const steps = recordsFrom(tx, user_id, { from: page.from, limit: limit + 1 });
        for await (const step of steps) if (!page.add(step)) return page.answer(false);
        return page.answer(true);
      });
    },
  };
}
