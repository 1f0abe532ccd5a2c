import type { Operation } from '@agent-messenger/contracts';
import type { Reach } from '../../access-rules';
import { reachOf } from '../log/access';
import { MESSAGE_SELECT, unpackMessage, type StoredMessage } from '../log/rows';
import {
  packConversationId,
  packMessageId,
  unpackConversationId,
  unpackMessageId,
} from '../driver/ids';
import { byConversation } from '../driver/group-rows';
import { prepared } from '../driver/prepared';
import { ACTIVITY, type Tx } from '../driver/transactions';
import type { Quotas } from '../quotas';
import { Batch, type BatchMember } from './batch';

// In the order of ids, as all do who lock several: nobody waits in a circle. `connect` locks its identity for itself,
// so that an epoch that was read here is the one until the commit.
const IDENTITIES = prepared('SELECT n FROM identities WHERE id = ANY ($1) ORDER BY id FOR SHARE');
const CONVERSATIONS = prepared(
  `SELECT id, last_seq, last_message, deleted_at, activity FROM conversations
  WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
);
// Of agents also who may talk to them; that is asked of those with a list.
const MEMBERS = prepared(
  `SELECT m.conversation, m.identity, i.id AS identity_id, i.erased AS is_erased, i.epoch, m.joined_seq,
    m.left_seq, m.left_at, m.delivered_seq, m.seen_seq, m.read_seq, m.talks,
    a.deleted_at IS NOT NULL AS is_deleted, a.access = 'everyone' AS is_open,
    CASE WHEN a.access <> 'everyone' THEN ARRAY (
      SELECT p.user_id FROM agent_people p WHERE p.agent_id = a.id AND p.user_id = ANY ($2)) END AS people
  FROM members m JOIN identities i ON i.n = m.identity LEFT JOIN agents a ON a.n = m.identity
  WHERE m.conversation = ANY ($1::uuid[])`,
);
const SENDS = prepared(
  `SELECT d.sender, d.digest, m.*
  FROM unnest($1::text[], $2::text[]) u (sender_id, client_id)
  JOIN identities i ON i.id = u.sender_id
  JOIN sends d ON d.sender = i.n AND d.client_id = u.client_id
  JOIN LATERAL (${MESSAGE_SELECT} WHERE x.conversation = d.conversation AND x.seq = d.seq) m ON true`,
);
const MESSAGES = prepared(
  `SELECT m.* FROM unnest($1::uuid[], $2::uuid[]) u (conversation, id)
  JOIN LATERAL (${MESSAGE_SELECT} WHERE x.conversation = u.conversation AND x.id = u.id) m ON true`,
);
const KNOWN = prepared(
  `SELECT x.conversation, x.id FROM unnest($1::uuid[], $2::uuid[]) u (conversation, id)
  JOIN log x ON x.conversation = u.conversation AND x.id = u.id`,
);

const NEXT_ACTIVITY = prepared(`SELECT ${ACTIVITY} AS activity`);

interface MemberRow extends Omit<BatchMember, 'pending' | 'isChanged' | 'isStamped'> {
  conversation: string;
  is_deleted: boolean;
  /** Null of a person. */
  is_open: boolean | null;
  people: string[] | null;
}

/** What operations name, without repetitions. */
function namesOf(operations: readonly Operation[]) {
  const senders = new Set<string>();
  const conversations = new Set<string>();
  const sends = new Map<string, readonly [string, string]>();
  const messages = new Map<string, readonly [string, string]>();
  const known = new Map<string, readonly [string, string]>();
  for (const operation of operations) {
    const { identity_id, conversation_id } = operation;
    senders.add(identity_id);
    const conversation = packConversationId(conversation_id);
    if (conversation === null) continue;
    conversations.add(conversation);
    const clientId = clientIdOf(operation);
    if (clientId !== undefined) sends.set(`${identity_id} ${clientId}`, [identity_id, clientId]);
    const named = 'message_id' in operation ? packMessageId(operation.message_id) : null;
    if (named !== null) messages.set(`${conversation} ${named}`, [conversation, named]);
    const replied =
      'reply_to' in operation && operation.reply_to ? packMessageId(operation.reply_to) : null;
    if (replied !== null) known.set(`${conversation} ${replied}`, [conversation, replied]);
  }
  return { senders: [...senders], conversations: [...conversations], sends, messages, known };
}

function clientIdOf(operation: Operation): string | undefined {
  if (operation.op === 'send') return operation.client_id;
  return operation.op === 'finish' ? operation.stream_id : undefined;
}

/** As columns, for `unnest`. */
function columns(pairs: ReadonlyMap<string, readonly [string, string]>): [string[], string[]] {
  const all = [...pairs.values()];
  return [all.map(([first]) => first), all.map(([, second]) => second)];
}

/** Locks what the operations work on, and reads it; in one round trip. */
export async function loadBatch(
  tx: Tx,
  operations: readonly Operation[],
  { quotas, logId, formerSince }: { quotas: Quotas; logId: () => string; formerSince: string },
): Promise<Batch> {
  const { senders, conversations, sends, messages, known } = namesOf(operations);
  const writes = operations.some(({ op }) => op !== 'received' && op !== 'read');
  const whenAny = async <Row extends object>(
    named: { size: number },
    sql: string,
    values: readonly string[][],
  ): Promise<Row[]> => (named.size > 0 ? tx.all<Row>(sql, values) : []);
  tx.later(IDENTITIES, [senders]);
  const [found, members, sent, named, replied, ledger, next] = await Promise.all([
    tx.all<{
      id: string;
      last_seq: number;
      last_message: number | null;
      deleted_at: string | null;
      activity: number;
    }>(CONVERSATIONS, [conversations]),
    tx.all<MemberRow>(MEMBERS, [conversations, writes ? senders : []]),
    whenAny<StoredMessage & { sender: number; digest: Buffer }>(sends, SENDS, columns(sends)),
    whenAny<StoredMessage>(messages, MESSAGES, columns(messages)),
    whenAny<{ conversation: string; id: string }>(known, KNOWN, columns(known)),
    quotas.open(tx, writes ? senders : []),
    tx.get<{ activity: number }>(NEXT_ACTIVITY),
  ]);

  const { activity = 0 } = next ?? {};
  const batch = new Batch({ at: tx.at, logId: logId(), formerSince, activity, ledger });
  const rows = byConversation(members);
  for (const { id: conversation, ...row } of found) {
    const conversation_id = unpackConversationId(conversation);
    const own = rows.get(conversation) ?? [];
    batch.conversations.set(conversation_id, {
      ...{ ...row, conversation, conversation_id, listedAt: row.activity, isStamped: false },
      members: own.map((member) => ({ ...member, isChanged: false, isStamped: false })),
      reach: reachOfAgents(own),
    });
  }
  for (const stored of named) batch.message(stored.conversation, unpackMessage(stored));
  for (const { conversation, id } of replied) {
    batch.known.add(`${conversation} ${unpackMessageId(id)}`);
  }
  for (const { sender, digest, ...stored } of sent) {
    const message = batch.message(stored.conversation, unpackMessage(stored));
    const { client_id } = stored;
    batch.addSend({ sender, client_id, digest, message, isNew: false, isChanged: false });
  }
  return batch;
}

/** By sender, which is asked for few of them. */
function reachOfAgents(members: readonly MemberRow[]): (sender: string) => Reach {
  const agents = members.filter(({ is_open, left_seq }) => is_open !== null && left_seq === null);
  return (sender) => {
    if (agents.length === 0) return 'open';
    const deleted = agents.every(({ is_deleted }) => is_deleted);
    const open = agents.every(({ is_open, people }) => is_open || people?.includes(sender));
    return reachOf(sender, { deleted, open });
  };
}
