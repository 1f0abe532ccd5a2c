import type { PushJob, PushPlatform } from '@agent-messenger/contracts';
import type { PushBacklog } from '../../push-rules';
import type { WaitingDevice } from '../../store';
import { packConversationId, unpackConversationId } from '../driver/ids';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

type Of = Pick<PushJob, 'user_id' | 'device_id'>;

interface DueRow {
  user_id: string;
  device_id: string;
  conversation: string;
  platform: PushPlatform;
}

const PROBE = 'SELECT probe FROM push_tokens WHERE user_id = $1 AND device_id = $2';
// In order, so that two of these do not wait for each other.
const PARK = `WITH held AS (
    SELECT p.token FROM push_tokens p
    JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) t (user_id, device_id)) t
      ON p.user_id = t.user_id AND p.device_id = t.device_id
    ORDER BY p.user_id, p.device_id FOR NO KEY UPDATE OF p)
  UPDATE push_tokens p SET backlog = backlog + 1 FROM held WHERE p.token = held.token`;
const waitingAnd = (
  more: string,
) => `SELECT user_id, device_id, platform, probe, backlog FROM push_tokens
  WHERE backlog > 0 ${more} AND (user_id, device_id) > ($1, $2) ORDER BY user_id, device_id LIMIT $3`;
const WAITING = waitingAnd('');
const RELEASED = waitingAnd('AND probe IS NULL');
// Also what the consumer of the log leaves alone for a moment still: whether the job finds something to tell is decided
// when it runs. What has been seen by nobody is due when the consumer has said so.
const DUE = `SELECT user_id, device_id, conversation, platform FROM (
    SELECT p.user_id, p.device_id, m.conversation, p.platform
    FROM push_tokens p
    JOIN identities i ON i.id = p.user_id
    JOIN members m ON m.identity = i.n AND m.talks
    JOIN conversations c ON c.id = m.conversation
    LEFT JOIN push_marks k ON k.user_id = p.user_id AND k.device_id = p.device_id AND k.conversation = m.conversation
    WHERE p.user_id = $1 AND p.device_id = $2 AND NOT m.muted
      AND greatest(m.seen_seq, m.read_seq, coalesce(k.seq, 0)) < c.last_seq AND EXISTS (
        SELECT 1 FROM log x
        WHERE x.conversation = m.conversation AND x.seq >= m.joined_seq
          AND x.seq > greatest(m.seen_seq, m.read_seq, coalesce(k.seq, 0)) AND x.counts <> m.identity
          AND (x.seq > m.delivered_seq OR x.seq <= m.unseen_due_seq))
    UNION
    SELECT k.user_id, k.device_id, k.conversation, p.platform
    FROM push_marks k JOIN push_tokens p ON p.user_id = k.user_id AND p.device_id = k.device_id
    WHERE k.user_id = $1 AND k.device_id = $2 AND k.stale > 0) due
  WHERE ($3::uuid IS NULL OR conversation > $3) AND ($4::uuid IS NULL OR conversation = $4)
  ORDER BY conversation LIMIT $5`;

/** Devices whose conversations wait here and not in the queue: they cannot be reached, or the queue is full. */
export function createPushBacklog({ read, write }: Postgres): PushBacklog {
  /** Undefined: there is no such device. */
  async function probeOf(
    tx: Tx,
    { user_id, device_id }: Of,
    lock = '',
  ): Promise<string | null | undefined> {
    const found = await tx.get<{ probe: string | null }>(`${PROBE} ${lock}`, [user_id, device_id]);
    return found?.probe;
  }

  return {
    async holdPush({ conversation_id, ...device }) {
      const probe = await read((tx) => probeOf(tx, device));
      if (probe !== null) return { probes: probe === conversation_id };
      return write(async (tx) => {
        // Another may have begun to probe meanwhile.
        const now = await probeOf(tx, device, 'FOR NO KEY UPDATE');
        if (now === null) {
          tx.later(
            `UPDATE push_tokens SET probe = $3, backlog = backlog + 1 WHERE user_id = $1 AND device_id = $2`,
            [device.user_id, device.device_id, conversation_id],
          );
        }
        return { probes: now === null || now === conversation_id };
      });
    },

    async releasePush({ conversation_id, ...device }) {
      if ((await read((tx) => probeOf(tx, device))) === conversation_id) {
        await write((tx) =>
          tx.run(
            'UPDATE push_tokens SET probe = NULL WHERE user_id = $1 AND device_id = $2 AND probe = $3',
            [device.user_id, device.device_id, conversation_id],
          ),
        );
      }
      return {};
    },

    async parkPushes(targets) {
      await write((tx) =>
        tx.run(PARK, [
          targets.map(({ user_id }) => user_id),
          targets.map(({ device_id }) => device_id),
        ]),
      );
    },

    async waitingDevices({ after, released, limit }) {
      const { user_id = '', device_id = '' } = after ?? {};
      const sql = released ? RELEASED : WAITING;
      return read((tx) => tx.all<WaitingDevice>(sql, [user_id, device_id, limit]));
    },

    async waitingDeviceCount() {
      const sql = 'SELECT count(*) AS devices FROM push_tokens WHERE backlog > 0';
      return (await read((tx) => tx.get<{ devices: number }>(sql)))?.devices ?? 0;
    },

    async waitingPushes({ user_id, device_id }, { after, conversation_id, limit }) {
      const only = conversation_id === undefined ? null : packConversationId(conversation_id);
      if (conversation_id !== undefined && only === null) return [];
      const past = after === undefined ? null : packConversationId(after);
      const rows = await read((tx) => tx.all<DueRow>(DUE, [user_id, device_id, past, only, limit]));
      return rows.map(({ platform, conversation, ...device }) => ({
        platform,
        job: { ...device, conversation_id: unpackConversationId(conversation) },
      }));
    },

    async endWaiting({ user_id, device_id, backlog }) {
      await write((tx) =>
        tx.run(
          `UPDATE push_tokens SET backlog = 0
           WHERE user_id = $1 AND device_id = $2 AND probe IS NULL AND backlog = $3`,
          [user_id, device_id, backlog],
        ),
      );
    },
  };
}
