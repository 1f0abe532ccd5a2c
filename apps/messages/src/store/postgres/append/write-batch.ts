import { encodeText } from '../driver/text-codec';
import { packMessageId } from '../driver/ids';
import { prepared } from '../driver/prepared';
import { REV, type Tx } from '../driver/transactions';
import { packTime } from '../log/rows';
import { textsOf, toLogEntry } from './log-entries';
import type { MessageRow } from '../../message-rows';
import {
  typeNumberOf,
  type Batch,
  type BatchConversation,
  type BatchMember,
  type BatchMessage,
  type NewEvent,
} from './batch';

const MESSAGE_COLUMNS = `content text, updated_seq bigint, metadata text, edited_at bigint, deleted_at bigint, state text,
  error text, actions text, actions_expire_at text, choice text, reactions text`;
const MESSAGE_NAMES = MESSAGE_COLUMNS.replaceAll(/ (text|bigint)/g, '');
// One parameter for all rows: JSON, in which texts are encoded as everywhere.
const INSERT_LOG = prepared(
  `INSERT INTO log (conversation, seq, type, actor, at, about, data, id, client_id, reply_to, counts,
    ${MESSAGE_NAMES})
  SELECT conversation, seq, type, actor, at, about, data, id, client_id, reply_to, counts,
    ${MESSAGE_NAMES}
  FROM json_to_recordset($1::json) AS r (conversation uuid, seq bigint, type smallint, actor bigint, at bigint,
    about bigint, data text, id uuid, client_id text, reply_to uuid, counts bigint, ${MESSAGE_COLUMNS})`,
);
const UPDATE_LOG = `UPDATE log SET ${MESSAGE_NAMES.split(',')
  .map((name) => `${name.trim()} = r.${name.trim()}`)
  .join(', ')}, counts = CASE WHEN r.deleted_at IS NULL THEN log.counts END
  FROM json_to_recordset($1::json) AS r (conversation uuid, seq bigint, ${MESSAGE_COLUMNS})
  WHERE log.conversation = r.conversation AND log.seq = r.seq`;
const INSERT_SENDS = prepared(
  `INSERT INTO sends (sender, client_id, conversation, seq, digest)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::bytea[])`,
);
const UPDATE_SENDS = `UPDATE sends SET digest = u.digest
  FROM unnest($1::bigint[], $2::text[], $3::bytea[]) u (sender, client_id, digest)
  WHERE sends.sender = u.sender AND sends.client_id = u.client_id`;
const UPDATE_CONVERSATIONS = prepared(
  `UPDATE conversations c SET last_seq = u.last_seq, last_message = u.last_message,
    activity = u.activity,
    rev = CASE WHEN c.deleted_at IS NULL THEN ${REV} ELSE c.rev END
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) u (id, last_seq, last_message, activity)
  WHERE c.id = u.id`,
);
const UPDATE_MEMBERS = prepared(
  `UPDATE members m SET delivered_seq = u.delivered_seq, seen_seq = u.seen_seq, read_seq = u.read_seq,
    talks = u.talks, rev = CASE WHEN u.is_stamped THEN ${REV} ELSE m.rev END
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::boolean[])
    u (conversation, identity, delivered_seq, seen_seq, read_seq, talks, is_stamped)
  WHERE m.conversation = u.conversation AND m.identity = u.identity`,
);
const MOVE_UP = prepared(
  `UPDATE listings l SET activity = u.activity
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[]) u (identity, listed_at, activity, conversation)
  WHERE l.identity = u.identity AND l.activity = u.listed_at AND l.conversation = u.conversation`,
);
const SET_PENDING = prepared(
  `INSERT INTO pending (identity, conversation)
  SELECT * FROM unnest($1::bigint[], $2::uuid[]) ON CONFLICT DO NOTHING`,
);
const UNSET_PENDING = prepared(
  `DELETE FROM pending p USING unnest($1::bigint[], $2::uuid[]) u (identity, conversation)
  WHERE p.identity = u.identity AND p.conversation = u.conversation`,
);
const CORRECT_CHANGED = `UPDATE push_marks k SET stale = 1 FROM unnest($1::uuid[], $2::bigint[]) u (conversation, seq)
  WHERE k.conversation = u.conversation AND k.shown_seq = u.seq AND k.shown_seq > 0`;
const CORRECT_READ = prepared(
  `UPDATE push_marks k SET stale = 1
  FROM unnest($1::uuid[], $2::text[], $3::bigint[]) u (conversation, user_id, seq)
  WHERE k.conversation = u.conversation AND k.user_id = u.user_id AND k.shown_seq > 0 AND k.shown_seq <= u.seq`,
);
const SETTLE = prepared(
  `DELETE FROM delivery_attempts d USING unnest($1::uuid[], $2::bigint[], $3::bigint[]) u (conversation, agent, seq)
  WHERE d.conversation = u.conversation AND d.agent = u.agent AND d.until_seq <= u.seq`,
);
/** What waits for a standby is what was written: repetitions are answered only when what they repeat is there too. */
const TOUCH = 'UPDATE conversations SET rev = rev WHERE id = $1';

/** Writes what has become of a batch; nobody waits but the commit. */
export function writeBatch(tx: Tx, batch: Batch): void {
  writeLog(tx, batch);
  writeSends(tx, batch);
  writePositions(tx, batch);
  writeConsequences(tx, batch);
  batch.parts.ledger.save(tx);
}

function writeLog(tx: Tx, batch: Batch): void {
  const { events } = batch;
  const own = new Set(events.filter(({ isMessage }) => isMessage).map(({ message }) => message));
  const changed = batch.changedMessages().filter((message) => !own.has(message));
  if (events.length > 0) tx.later(INSERT_LOG, [JSON.stringify(events.map(toLogRow))]);
  if (changed.length > 0) tx.later(UPDATE_LOG, [JSON.stringify(changed.map(toChangedRow))]);
  tx.wrote.push(
    ...events.map((event) => {
      const { conversation, seq } = event;
      const kept = { entries: [toLogEntry(batch, event)], texts: textsOf(event) };
      return { conversation, first: seq, last: seq, kept };
    }),
  );
}

// Field by field: to spread objects into each other costs a multiple, and this is done for each message.
function toLogRow(event: NewEvent): object {
  const { conversation, seq, actor, about, data, message, isMessage } = event;
  const row = isMessage ? message?.row : undefined;
  const columns: Record<string, unknown> = row ? toMessageColumns(row) : {};
  columns['conversation'] = conversation;
  columns['seq'] = seq;
  columns['type'] = typeNumberOf(event);
  columns['actor'] = actor;
  columns['at'] = packTime(event.at);
  columns['about'] = about;
  columns['data'] = data && JSON.stringify(data);
  if (!row) return columns;
  columns['id'] = packMessageId(row.id);
  columns['client_id'] = encodeText(row.client_id);
  columns['reply_to'] = row.reply_to === null ? null : packMessageId(row.reply_to);
  columns['counts'] = row.deleted_at === null ? actor : null;
  return columns;
}

function toChangedRow({ conversation, row }: BatchMessage): object {
  return { conversation, seq: row.seq, ...toMessageColumns(row) };
}

function toMessageColumns(row: MessageRow): Record<string, unknown> {
  const { updated_seq, seq, reactions, edited_at, deleted_at } = row;
  return {
    content: row.content && encodeText(row.content),
    updated_seq: updated_seq === seq ? null : updated_seq,
    metadata: row.metadata,
    edited_at: edited_at === null ? null : packTime(edited_at),
    deleted_at: deleted_at === null ? null : packTime(deleted_at),
    state: row.state,
    error: row.error && encodeText(row.error),
    actions: row.actions,
    actions_expire_at: row.actions_expire_at,
    choice: row.choice,
    reactions: reactions === '[]' ? null : reactions,
  };
}

function writeSends(tx: Tx, { sends }: Batch): void {
  const all = [...sends.values()];
  const made = all.filter(({ isNew }) => isNew);
  const changed = all.filter(({ isNew, isChanged }) => isChanged && !isNew);
  if (made.length > 0) {
    tx.later(INSERT_SENDS, [
      made.map(({ sender }) => sender),
      made.map(({ client_id }) => client_id),
      made.map(({ message }) => message.conversation),
      made.map(({ message }) => message.row.seq),
      made.map(({ digest }) => digest),
    ]);
  }
  if (changed.length > 0) {
    tx.later(UPDATE_SENDS, [
      changed.map(({ sender }) => sender),
      changed.map(({ client_id }) => client_id),
      changed.map(({ digest }) => digest),
    ]);
  }
}

function writePositions(tx: Tx, batch: Batch): void {
  const conversations = [...batch.conversations.values()];
  const stamped = conversations.filter(({ isStamped }) => isStamped);
  const all = conversations.flatMap((of) => of.members.map((member) => ({ of, member })));
  const changed = all.filter(({ member }) => member.isChanged);
  if (stamped.length > 0) {
    tx.later(UPDATE_CONVERSATIONS, [
      stamped.map(({ conversation }) => conversation),
      stamped.map(({ last_seq }) => last_seq),
      stamped.map(({ last_message }) => last_message),
      stamped.map(({ activity }) => activity),
    ]);
  }
  if (changed.length > 0) {
    tx.later(UPDATE_MEMBERS, [
      changed.map(({ of }) => of.conversation),
      changed.map(({ member }) => member.identity),
      changed.map(({ member }) => member.delivered_seq),
      changed.map(({ member }) => member.seen_seq),
      changed.map(({ member }) => member.read_seq),
      changed.map(({ member }) => member.talks),
      changed.map(({ member }) => member.isStamped),
    ]);
  }
  const moved = all.filter(
    ({ of, member }) => of.activity !== of.listedAt && member.left_seq === null,
  );
  if (moved.length > 0) {
    tx.later(MOVE_UP, [
      moved.map(({ member }) => member.identity),
      moved.map(({ of }) => of.listedAt),
      moved.map(({ of }) => of.activity),
      moved.map(({ of }) => of.conversation),
    ]);
  }
  writePending(tx, all);
  const [any] = conversations;
  if (any && stamped.length === 0 && changed.length === 0) tx.later(TOUCH, [any.conversation]);
}

function writePending(
  tx: Tx,
  members: readonly { of: BatchConversation; member: BatchMember }[],
): void {
  for (const [pending, sql] of [
    [true, SET_PENDING],
    [false, UNSET_PENDING],
  ] as const) {
    const found = members.filter(({ member }) => member.pending === pending);
    if (found.length === 0) continue;
    tx.later(sql, [
      found.map(({ member }) => member.identity),
      found.map(({ of }) => of.conversation),
    ]);
  }
}

function writeConsequences(tx: Tx, { changed, read, settled }: Batch): void {
  if (changed.length > 0) {
    tx.later(CORRECT_CHANGED, [
      changed.map(({ conversation }) => conversation),
      changed.map(({ seq }) => seq),
    ]);
  }
  if (read.length > 0) {
    tx.later(CORRECT_READ, [
      read.map(({ conversation }) => conversation),
      read.map(({ user_id }) => user_id),
      read.map(({ seq }) => seq),
    ]);
  }
  if (settled.length > 0) {
    tx.later(SETTLE, [
      settled.map(({ conversation }) => conversation),
      settled.map(({ agent }) => agent),
      settled.map(({ seq }) => seq),
    ]);
  }
}
