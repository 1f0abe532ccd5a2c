import {
  kindOf,
  LIMITS,
  type Operation,
  type OperationResult,
  type PositionMoved,
} from '@agent-messenger/contracts';
import { NEVER_DONE, SUSPECT_FROM, type Attempted } from '../../attempted';
import { numberOf } from '../../message-rows';
import type { Store } from '../../store';
import { packConversationId, packMessageId, unpackMessageId } from '../driver/ids';
import type { Tx } from '../driver/transactions';
import type { Access, Membership } from '../log/access';
import type { Postgres } from '../postgres';
import type { CarryOut } from './carry-out';

const FIND = `SELECT seq, until_seq, attempts FROM delivery_attempts WHERE conversation = $1 AND agent = $2`;
// What is deleted is a tombstone by now: there is nothing to answer.
const FIRST_OF_OTHERS = `SELECT e.seq, x.id AS message_id FROM log e
  LEFT JOIN log x ON x.conversation = e.conversation AND x.seq = coalesce(e.about, e.seq)
    AND x.id IS NOT NULL AND x.deleted_at IS NULL
  WHERE e.conversation = $1 AND e.seq > $2 AND e.seq <= $3 AND e.actor <> $4
    AND e.type <> ${numberOf('conversation.created')}
  ORDER BY e.seq LIMIT 1`;
// A person is waited for: the agent asked, and nobody has chosen or written since.
const WAITS = `SELECT 1 FROM log q
  WHERE q.conversation = $1 AND q.actor = $2 AND q.seq > $3 AND q.actions IS NOT NULL AND q.choice IS NULL
    AND (q.actions_expire_at IS NULL OR q.actions_expire_at > $4)
    AND NOT EXISTS (SELECT 1 FROM log r
      WHERE r.conversation = $1 AND r.seq > q.seq AND r.id IS NOT NULL AND r.actor <> $2)
  LIMIT 1`;
const SAVE = `INSERT INTO delivery_attempts AS d (conversation, agent, seq, until_seq, attempts)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (conversation, agent) DO UPDATE SET seq = excluded.seq,
    until_seq = greatest(d.until_seq, excluded.until_seq), attempts = excluded.attempts`;
/** An answer to it, or what the agent said after it without saying to what. */
const ANSWER = `SELECT 1 FROM log WHERE conversation = $1 AND seq > $2 AND actor = $3 AND id IS NOT NULL
  AND (reply_to IS NULL OR reply_to = $4) LIMIT 1`;
const LOCK =
  'SELECT 1 FROM conversations WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE';

interface AttemptRow {
  seq: number;
  until_seq: number;
  attempts: number;
}

/** From the second attempt on, while something of what was under way then is undelivered. */
export async function suspectOf(
  tx: Tx,
  { conversation, identity, identity_id, delivered_seq }: Membership,
): Promise<{ attempts: number; until_seq: number } | undefined> {
  if (kindOf(identity_id) !== 'agent') return undefined;
  const row = await tx.get<AttemptRow>(FIND, [conversation, identity]);
  if (!row || row.attempts < SUSPECT_FROM || row.until_seq <= delivered_seq) return undefined;
  return { attempts: row.attempts, until_seq: row.until_seq };
}

/**
 * How often agents' connections broke while they dealt with an event. The first under way is the one that is counted.
 */
export function createAttempts(
  { logId, now, write }: Postgres,
  { access, carryOut }: { access: Access; carryOut: CarryOut },
): Pick<Store, 'countAttempts'> {
  /**
   * Counts one for the first event of others that the member has not dealt with, of those up to `underWay`; none while
   * it waits for a person to choose, however often its connection breaks meanwhile.
   */
  async function count(
    tx: Tx,
    { conversation, identity: agent, delivered_seq, last_seq }: Membership,
    underWay: number,
  ): Promise<Attempted | undefined> {
    const until = Math.min(underWay, last_seq);
    const values = [conversation, delivered_seq, until, agent];
    const first = await tx.get<{ seq: number; message_id: string | null }>(FIRST_OF_OTHERS, values);
    if (!first) return undefined;
    const { seq, message_id } = first;
    const waits = await tx.get(WAITS, [conversation, agent, seq, now().toISOString()]);
    if (waits) return undefined;
    const before = await tx.get<AttemptRow>(FIND, [conversation, agent]);
    const attempts = before?.seq === seq ? before.attempts + 1 : 1;
    tx.later(SAVE, [conversation, agent, seq, until, attempts]);
    return {
      seq,
      message_id: message_id === null ? null : unpackMessageId(message_id),
      attempts: Math.min(attempts, LIMITS.deliveryAttempts),
    };
  }

  /** The agent has had it, and the person an answer, though a failed one. */
  async function handOver(
    tx: Tx,
    { identity_id, conversation_id, conversation, identity }: Membership,
    { seq, message_id }: Attempted,
  ): Promise<Operation[]> {
    const by = { identity_id, conversation_id, epoch: null };
    const received = { op: 'received', ...by, seq } as Operation;
    if (message_id === null) return [received];
    const values = [conversation, seq, identity, packMessageId(message_id)];
    if (await tx.get(ANSWER, values)) return [received];
    // Refused when the agent has said so itself, in other words: then there is an answer too.
    const failed = {
      ...{ op: 'send', ...by, client_id: `failed:${message_id}`, content: '' },
      ...{ state: 'failed', error: NEVER_DONE, reply_to: message_id },
    } as Operation;
    return [failed, received];
  }

  return {
    async countAttempts({ agent_id, log_id, under_way }) {
      if (log_id !== logId()) return { moved: [], suspects: [] };
      return write(async (tx) => {
        tx.later('SELECT 1 FROM identities WHERE id = $1 FOR SHARE', [agent_id]);
        await tx.run(LOCK, [under_way.map((each) => packConversationId(each.conversation_id))]);
        const operations: Operation[] = [];
        const suspects = [];
        for (const { conversation_id, seq } of under_way) {
          const member = await access.find(tx, conversation_id, agent_id);
          const attempted = member && (await count(tx, member, seq));
          if (!attempted) continue;
          const handed_over = attempted.attempts >= LIMITS.deliveryAttempts;
          if (handed_over) operations.push(...(await handOver(tx, member, attempted)));
          suspects.push({ conversation_id, ...attempted, handed_over });
        }
        const results = operations.length > 0 ? await carryOut(tx, operations) : [];
        return { moved: results.flatMap(movedOf), suspects };
      });
    },
  };
}

function movedOf(result: OperationResult): PositionMoved[] {
  return result.ok && 'moved' in result ? [result.moved] : [];
}
