import type { PushJob } from '@agent-messenger/contracts';
import {
  awareOf,
  BADGE_CAP,
  correctionOf,
  questionOf,
  toDevice,
  type DeviceRow,
  type Mark,
  type NewestRow,
} from '../../push-rules';
import type { Store } from '../../store';
import { packConversationId } from '../driver/ids';
import type { Tx } from '../driver/transactions';
import { lockConversation, type Access, type Membership } from '../log/access';
import { unpackTime } from '../log/rows';
import type { Postgres } from '../postgres';

const DEVICE = `SELECT p.device_id, p.platform, p.token, p.keys, p.quiet_hours, p.registered_at, p.probe
  FROM push_tokens p JOIN users u ON u.id = p.user_id AND u.disabled_at IS NULL
  WHERE p.user_id = $1 AND p.device_id = $2`;
const MARK = `SELECT seq, at, shown_seq, shown_rev, stale FROM push_marks
  WHERE user_id = $1 AND device_id = $2 AND conversation = $3`;
const NEWEST = `SELECT x.seq, coalesce(x.updated_seq, x.seq) AS rev, x.at,
    coalesce(nullif(x.content, ''), x.error, x.content) AS content, x.actions, x.actions_expire_at, x.choice, i.name
  FROM log x JOIN identities i ON i.n = x.actor
  WHERE x.conversation = $1 AND x.seq > $2 AND x.seq <= $3 AND x.counts <> $4
  ORDER BY x.seq DESC LIMIT 1`;
const BADGE = `SELECT count(*) AS badge FROM (
    SELECT 1 FROM identities i
    JOIN members m ON m.identity = i.n AND m.talks AND NOT m.muted
    JOIN conversations c ON c.id = m.conversation AND c.deleted_at IS NULL AND m.read_seq < c.last_seq
    JOIN log x ON x.conversation = c.id AND x.seq > m.read_seq AND x.seq >= m.joined_seq AND x.counts <> m.identity
    WHERE i.id = $1 AND m.left_seq IS NULL LIMIT ${BADGE_CAP}) unread`;
const SET_MARK = `INSERT INTO push_marks (user_id, device_id, conversation, seq, at, shown_seq, shown_rev, stale)
  SELECT p.user_id, p.device_id, m.conversation, $4::bigint, $5, $6::bigint, $7::bigint, $8::smallint
  FROM push_tokens p
  JOIN identities i ON i.id = p.user_id
  JOIN members m ON m.conversation = $3 AND m.identity = i.n
  WHERE p.user_id = $1 AND p.device_id = $2
  ON CONFLICT (user_id, device_id, conversation) DO UPDATE SET seq = greatest(push_marks.seq, excluded.seq),
    at = excluded.at, shown_seq = excluded.shown_seq, shown_rev = excluded.shown_rev, stale = excluded.stale`;
const SHOWN_NOW = `SELECT coalesce(updated_seq, seq) AS rev, deleted_at IS NOT NULL AS deleted
  FROM log WHERE conversation = $1 AND seq = $2 AND id IS NOT NULL`;
const REACHED =
  'UPDATE push_tokens SET probe = NULL WHERE user_id = $1 AND device_id = $2 AND probe IS NOT NULL';

/** What devices are told, and what they have been told. */
export function createPushState(
  { now, read, write }: Postgres,
  access: Access,
): Pick<Store, 'pushState' | 'pushStates' | 'markPushed' | 'markAllPushed'> {
  /** The newest message of others after `from`, up to `to`. */
  async function newestOf(
    tx: Tx,
    { conversation, identity }: Membership,
    [from, to]: [from: number, to: number],
  ): Promise<NewestRow | undefined> {
    const values = [conversation, from, to, identity];
    const found = await tx.get<Omit<NewestRow, 'at'> & { at: number }>(NEWEST, values);
    return found && { ...found, at: unpackTime(found.at) };
  }

  /** The newest message that the device is to be told of. */
  async function newsFor(tx: Tx, member: Membership, toldSeq: number) {
    const { delivered_seq, seen_seq, unseen_due_seq, last_seq } = member;
    const news = await newestOf(tx, member, [awareOf(member, toldSeq), last_seq]);
    if (news || seen_seq >= delivered_seq) return news;
    const from = awareOf({ ...member, delivered_seq: seen_seq }, toldSeq);
    return newestOf(tx, member, [from, Math.min(delivered_seq, unseen_due_seq)]);
  }

  /** What the notification that a device shows has to become; it goes with a conversation that is muted or deleted. */
  async function corrected(tx: Tx, member: Membership | undefined, mark: Mark) {
    if (mark.stale === 0 || mark.shown_seq === 0) return undefined;
    const from = member && Math.max(member.read_seq, member.joined_seq - 1);
    return correctionOf(mark, member && (await newestOf(tx, member, [from ?? 0, mark.seq])));
  }

  /** Who is told of a conversation. */
  async function listener(tx: Tx, { conversation_id, user_id }: PushJob) {
    const member = await access.find(tx, conversation_id, user_id);
    return member?.muted ? undefined : member;
  }

  const calls: ReturnType<typeof createPushState> = {
    pushStates: async ({ targets }) => ({
      states: await Promise.all(targets.map(async (target) => calls.pushState(target))),
    }),

    async markAllPushed({ marks }) {
      // In one turn of the loop: they share commits.
      await Promise.all(marks.map(async (mark) => calls.markPushed(mark)));
      return {};
    },

    async pushState(job) {
      const { user_id, device_id, conversation_id } = job;
      return read(async (tx) => {
        const [found, mark, member] = await Promise.all([
          tx.get<DeviceRow & { probe: string | null }>(DEVICE, [user_id, device_id]),
          tx.get<Mark>(MARK, [user_id, device_id, packConversationId(conversation_id)]),
          listener(tx, job),
        ]);
        if (!found) return { push: null };
        const { probe, ...device } = found;
        // Cannot be reached for now: another conversation finds out when it can, and this one waits.
        if (probe !== null && probe !== conversation_id) return { push: null };
        const news = member && (await newsFor(tx, member, mark?.seq ?? 0));
        const told = news ? { ...news, change: {} } : mark && (await corrected(tx, member, mark));
        if (!told) return { push: null };
        const { seq, rev, at, content, name, change } = told;
        const counted = await tx.get<{ badge: number }>(BADGE, [user_id]);
        return {
          push: {
            ...{ seq, rev, at },
            ...change,
            pushed_at: mark?.at ?? null,
            agent_name: name,
            content,
            ...questionOf(told, now()),
            badge: counted?.badge ?? 0,
            device: toDevice(device),
          },
        };
      });
    },

    async markPushed({ seq, rev, withdrawn = false, ...job }) {
      const { user_id, device_id, conversation_id } = job;
      const conversation = packConversationId(conversation_id);
      return write(async (tx) => {
        // What is read or changed meanwhile finds the mark, or is found here.
        const locked = lockConversation(tx, conversation);
        const member = await listener(tx, job);
        await locked;
        const upTo = Math.min(seq, member?.last_seq ?? seq);
        const shown = await tx.get<{ rev: number; deleted: boolean }>(SHOWN_NOW, [
          conversation,
          upTo,
        ]);
        const shown_rev = rev ?? shown?.rev ?? 0;
        // Read, edited, deleted or muted while it was on its way.
        const isRight =
          member && member.read_seq < upTo && shown?.rev === shown_rev && !shown.deleted;
        const shown_seq = withdrawn || (member && !shown) ? 0 : upTo;
        const stale = Number(shown_seq > 0 && !isRight);
        tx.later(SET_MARK, [
          ...[user_id, device_id, conversation],
          ...[upTo, tx.at, shown_seq, shown_rev, stale],
        ]);
        tx.later(REACHED, [user_id, device_id]);
        return {};
      });
    },
  };
  return calls;
}
