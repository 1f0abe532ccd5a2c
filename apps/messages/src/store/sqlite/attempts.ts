import { kindOf, LIMITS } from '@agent-messenger/contracts';
import { SUSPECT_FROM, type Attempted } from '../attempted';
import type { Membership } from './access';
import { unpackMessageId, type Packed } from './packed';
import { numberOf } from '../message-rows';
import type { Sqlite } from './sqlite';

/**
 * How often agents' connections broke while they dealt with an event. The first under way is the one that is counted.
 */
export interface Attempts {
  /** From the second attempt on, while something of what was under way then is undelivered. */
  suspect(member: Membership): { attempts: number; until_seq: number } | undefined;
  /**
   * Counts one for the first event of others that the member has not dealt with, of those up to `underWay`; none while
   * it waits for a person to choose, however often its connection breaks meanwhile.
   */
  count(member: Membership, underWay: number): Attempted | undefined;
  /** Nothing up to this seq is under way any more. */
  settle(member: Membership, deliveredSeq: number): void;
}

export function createAttempts({ db, now }: Sqlite): Attempts {
  const find = db.prepare<[number, number], { seq: number; until_seq: number; attempts: number }>(
    'SELECT seq, until_seq, attempts FROM delivery_attempts WHERE conversation = ? AND agent = ?',
  );
  // What is deleted is a tombstone by now: there is nothing to answer.
  const firstOfOthers = db.prepare<
    [number, number, number, number],
    { seq: number; message_id: Packed | null }
  >(
    `SELECT e.seq, x.id AS message_id FROM log e
     LEFT JOIN log x ON x.conversation = e.conversation AND x.seq = ifnull(e.about, e.seq)
       AND x.id IS NOT NULL AND x.deleted_at IS NULL
     WHERE e.conversation = ? AND e.seq > ? AND e.seq <= ? AND e.actor <> ?
       AND e.type <> ${numberOf('conversation.created')}
     ORDER BY e.seq LIMIT 1`,
  );
  // A person is waited for: the agent asked, and nobody has chosen or written since.
  const waits = db
    .prepare<{ conversation: number; agent: number; seq: number; at: string }, number>(
      `SELECT 1 FROM log q
       WHERE q.conversation = @conversation AND q.actor = @agent AND q.seq > @seq
         AND q.actions IS NOT NULL AND q.choice IS NULL
         AND (q.actions_expire_at IS NULL OR q.actions_expire_at > @at)
         AND NOT EXISTS (SELECT 1 FROM log r
           WHERE r.conversation = @conversation AND r.seq > q.seq AND r.id IS NOT NULL AND r.actor <> @agent)
       LIMIT 1`,
    )
    .pluck();
  const save = db.prepare(
    `INSERT INTO delivery_attempts (conversation, agent, seq, until_seq, attempts) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET seq = excluded.seq, until_seq = max(until_seq, excluded.until_seq),
       attempts = excluded.attempts`,
  );
  const settle = db.prepare(
    'DELETE FROM delivery_attempts WHERE conversation = ? AND agent = ? AND until_seq <= ?',
  );

  return {
    suspect({ conversation, identity, identity_id, delivered_seq }) {
      if (kindOf(identity_id) !== 'agent') return undefined;
      const row = find.get(conversation, identity);
      if (!row || row.attempts < SUSPECT_FROM || row.until_seq <= delivered_seq) return undefined;
      return { attempts: row.attempts, until_seq: row.until_seq };
    },
    count({ conversation, identity: agent, delivered_seq, last_seq }, underWay) {
      const until = Math.min(underWay, last_seq);
      const first = firstOfOthers.get(conversation, delivered_seq, until, agent);
      if (!first) return undefined;
      const at = now().toISOString();
      const { seq, message_id } = first;
      if (waits.get({ conversation, agent, seq, at })) return undefined;
      const before = find.get(conversation, agent);
      const attempts = before?.seq === seq ? before.attempts + 1 : 1;
      save.run(conversation, agent, seq, until, attempts);
      return {
        seq,
        message_id: message_id === null ? null : unpackMessageId(message_id),
        attempts: Math.min(attempts, LIMITS.deliveryAttempts),
      };
    },
    settle({ conversation, identity, identity_id }, deliveredSeq) {
      if (kindOf(identity_id) === 'agent') settle.run(conversation, identity, deliveredSeq);
    },
  };
}
