import type { PushPlatform } from '@agent-messenger/contracts';
import type { DuePush, Store } from '../../store';
import { unpackConversationId } from '../driver/ids';
import type { Postgres } from '../postgres';
import { columnsOf, type OutboxFeed } from '../outbox/outbox-feed';
import type { EventKey } from '../outbox/outbox-queues';
import type { AnnouncedPush } from './push-config';

interface DueRow {
  user_id: string;
  device_id: string;
  conversation: string;
  platform: PushPlatform;
}

/**
 * Members with devices that are to be told of one of these events, and have not read it. Looked for by conversation,
 * and first (OFFSET 0): most events are for nobody with one, and then none of them is looked at.
 */
const TOLD = `FROM (SELECT m.*, u.id AS user_id
    FROM (SELECT DISTINCT conversation FROM unnest($1::uuid[]) named (conversation)) named
    JOIN members m ON m.conversation = named.conversation
    JOIN identities i ON i.n = m.identity
    JOIN users u ON u.id = i.id AND u.disabled_at IS NULL
    WHERE EXISTS (SELECT 1 FROM push_tokens p WHERE p.user_id = u.id) OFFSET 0) m
  JOIN unnest($1::uuid[], $2::bigint[]) place (conversation, seq) ON place.conversation = m.conversation
  JOIN log e ON e.conversation = place.conversation AND e.seq = place.seq AND e.actor <> m.identity
  JOIN conversations c ON c.id = m.conversation AND c.deleted_at IS NULL`;
const UNREAD = `e.id IS NOT NULL AND e.deleted_at IS NULL AND m.left_seq IS NULL AND m.joined_seq <= e.seq
  AND NOT m.muted AND m.read_seq < e.seq`;
const UNRECEIVED = 'm.delivered_seq < e.seq';
const UNSEEN = 'm.delivered_seq >= e.seq AND m.seen_seq < e.seq';
/** @param isDue what a member has to be told of an event */
const devices = (
  isDue: string,
) => `SELECT DISTINCT m.user_id, p.device_id, m.conversation, p.platform
  ${TOLD} JOIN push_tokens p ON p.user_id = m.user_id
  LEFT JOIN push_marks k ON k.user_id = p.user_id AND k.device_id = p.device_id AND k.conversation = m.conversation
  WHERE ${UNREAD} AND ${isDue} AND coalesce(k.seq, 0) < e.seq AND p.probe IS NULL
    AND ($3::text[] IS NULL OR p.platform = ANY ($3))`;
const SELECT = { push: devices(UNRECEIVED), unseen: devices(UNSEEN) };
// Of devices that cannot be reached as well: for them it waits.
const NEWLY_DUE = `SELECT DISTINCT m.conversation ${TOLD}
  WHERE ${UNREAD} AND ${UNSEEN} AND m.unseen_due_seq < e.seq`;
const LOCK =
  'SELECT 1 FROM conversations WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE';
const RAISE = `UPDATE members o SET unseen_due_seq = greatest(o.unseen_due_seq, due.seq)
  FROM (SELECT m.conversation, m.identity, max(e.seq) AS seq ${TOLD} WHERE ${UNREAD} AND ${UNSEEN} GROUP BY 1, 2) due
  WHERE o.conversation = due.conversation AND o.identity = due.identity AND o.conversation = ANY ($3::uuid[])`;

/** Who may need a push for what was committed. */
export function createDuePushes(
  { read, write }: Postgres,
  { feed, announced }: { feed: OutboxFeed; announced: AnnouncedPush },
): Pick<Store, 'nextPushes'> {
  /** Before anybody is told of it: a job decides by it what there is to tell. */
  async function noteUnseen(keys: readonly EventKey[]): Promise<void> {
    const columns = columnsOf(keys);
    const found = await read((tx) => tx.all<{ conversation: string }>(NEWLY_DUE, columns));
    if (found.length === 0) return;
    const conversations = found.map(({ conversation }) => conversation);
    await write(async (tx) => {
      tx.later(LOCK, [conversations]);
      tx.later(RAISE, [...columns, conversations]);
    });
  }

  return {
    async nextPushes(consumer, of) {
      const taken = await feed.take(consumer, of);
      if (!taken) return undefined;
      const { keys } = taken;
      if (consumer === 'unseen') await noteUnseen(keys);
      const rows = await read(async (tx) => {
        const config = await announced.find(tx);
        const values = [...columnsOf(keys), config && config.platforms];
        return tx.all<DueRow>(SELECT[consumer], values);
      });
      const items: DuePush[] = rows.map(({ platform, conversation, ...device }) => ({
        platform,
        job: { ...device, conversation_id: unpackConversationId(conversation) },
      }));
      return { items, done: () => taken.done(keys.length) };
    },
  };
}
