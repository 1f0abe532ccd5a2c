import type {
  CallRequest,
  CallResponse,
  messagesCalls,
  PushConfig,
  PushJob,
  PushPlatform,
} from '@agent-messenger/contracts';
import {
  awareOf,
  BADGE_CAP,
  correctionOf,
  questionOf,
  toDevice,
  type DeviceRow,
  type Mark,
  type NewestRow,
} from '../push-rules';
import type { DuePush, Store } from '../store';
import type { Access, Membership } from './access';
import type { Offsets } from './offsets';
import { unpackTime } from './packed';
import type { Sqlite } from './sqlite';

/** What a consumer found in a part of the log. */
export interface PushPage {
  /** How far it reached; where it began: there is nothing. */
  pos: number;
  jobs: DuePush[];
}

/** Who is to be told of a part of the log: after `pos`, up to `end`, looking at `limit` events at most. */
export interface PushSources {
  push(pos: number, end: number, limit: number): PushPage;
  unseen(pos: number, end: number, limit: number): Promise<PushPage>;
}

interface Push {
  calls: Pick<
    Store,
    'pushState' | 'pushStates' | 'markPushed' | 'markAllPushed' | 'announcePush' | 'pushConfig'
  >;
  sources: PushSources;
}

type PushState = CallResponse<typeof messagesCalls, 'pushState'>;
type PushMark = CallRequest<typeof messagesCalls, 'markPushed'>;
type StoredNewest = Omit<NewestRow, 'at'> & { at: number };

/** What devices are told, and what they have been told. */
export function createPush(
  { db, now, write }: Sqlite,
  { access, offsets }: { access: Access; offsets: Offsets },
): Push {
  const deviceOf = db.prepare<[string, string], DeviceRow & { probe: string | null }>(
    `SELECT p.device_id, p.platform, p.token, p.keys, p.quiet_hours, p.registered_at, p.probe
     FROM push_tokens p JOIN users u ON u.id = p.user_id AND u.disabled_at IS NULL
     WHERE p.user_id = ? AND p.device_id = ?`,
  );
  const markOf = db.prepare<PushJob, Mark>(
    `SELECT seq, at, shown_seq, shown_rev, stale FROM push_marks
     WHERE user_id = @user_id AND device_id = @device_id
       AND conversation = (SELECT n FROM conversations WHERE id = @conversation_id)`,
  );
  const newest = db.prepare<[number, number, number, number], StoredNewest>(
    `SELECT x.seq, ifnull(x.updated_seq, x.seq) AS rev, x.at, coalesce(nullif(x.content, ''), x.error, x.content) AS content,
       x.actions, x.actions_expire_at, x.choice, i.name
     FROM log x JOIN identities i ON i.n = x.actor
     WHERE x.conversation = ? AND x.seq > ? AND x.seq <= ? AND x.counts <> ?
     ORDER BY x.seq DESC LIMIT 1`,
  );
  const badge = db
    .prepare<[string]>(
      `SELECT count(*) FROM (
         SELECT 1 FROM members m
         JOIN conversations c ON c.n = m.conversation AND c.deleted_at IS NULL
         JOIN log x ON x.conversation = c.n AND x.seq > m.read_seq AND x.seq >= m.joined_seq AND x.counts <> m.identity
         WHERE m.identity = (SELECT n FROM identities WHERE id = ?) AND m.left_seq IS NULL AND m.muted = 0 AND m.read_seq < c.last_seq
         LIMIT ${BADGE_CAP})`,
    )
    .pluck();
  const setMark = db.prepare(
    `INSERT INTO push_marks (user_id, device_id, conversation, seq, at, shown_seq, shown_rev, stale)
     SELECT p.user_id, p.device_id, m.conversation, @seq, @at, @shown_seq, @shown_rev, @stale
     FROM push_tokens p
     JOIN identities i ON i.id = p.user_id
     JOIN conversations c ON c.id = @conversation_id
     JOIN members m ON m.conversation = c.n AND m.identity = i.n
     WHERE p.user_id = @user_id AND p.device_id = @device_id
     ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq), at = excluded.at, shown_seq = excluded.shown_seq,
       shown_rev = excluded.shown_rev, stale = excluded.stale`,
  );
  const shownNow = db.prepare<[string, number], { rev: number; deleted: 0 | 1 }>(
    `SELECT ifnull(x.updated_seq, x.seq) AS rev, x.deleted_at IS NOT NULL AS deleted
     FROM conversations c JOIN log x ON x.conversation = c.n
     WHERE c.id = ? AND x.seq = ? AND x.id IS NOT NULL`,
  );
  const reached = db.prepare<{ user_id: string; device_id: string }>(
    `UPDATE push_tokens SET probe = NULL
     WHERE user_id = @user_id AND device_id = @device_id AND probe IS NOT NULL`,
  );
  const stretch = db
    .prepare<[number, number, number], number | null>(
      'SELECT max(pos) FROM (SELECT pos FROM log WHERE pos > ? AND pos <= ? ORDER BY pos LIMIT ?)',
    )
    .pluck();
  /** @param isDue what a member has to be told of an event */
  const unaware = (isDue: string) =>
    db.prepare<
      { from: number; to: number; platforms: string | null },
      PushJob & { platform: PushPlatform }
    >(
      `SELECT DISTINCT u.id AS user_id, c.id AS conversation_id, p.device_id, p.platform
     FROM log e
     JOIN conversations c ON c.n = e.conversation AND c.deleted_at IS NULL
     JOIN members m ON m.conversation = e.conversation AND m.identity <> e.actor
     JOIN identities i ON i.n = m.identity
     JOIN users u ON u.id = i.id AND u.disabled_at IS NULL
     JOIN push_tokens p ON p.user_id = u.id
     LEFT JOIN push_marks k ON k.user_id = p.user_id AND k.device_id = p.device_id
       AND k.conversation = m.conversation
     WHERE e.pos > @from AND e.pos <= @to AND e.id IS NOT NULL AND e.deleted_at IS NULL
       AND p.probe IS NULL AND m.left_seq IS NULL AND m.joined_seq <= e.seq AND m.muted = 0
       AND max(m.read_seq, ifnull(k.seq, 0)) < e.seq AND ${isDue}
       AND (@platforms IS NULL OR p.platform IN (SELECT value FROM json_each(@platforms)))`,
    );
  const unreceived = unaware('m.delivered_seq < e.seq');
  const unseen = unaware('m.delivered_seq >= e.seq AND m.seen_seq < e.seq');
  const seqAt = db
    .prepare<[number, number], number>(
      `SELECT seq FROM log WHERE conversation = ? AND pos <= ? ORDER BY seq DESC LIMIT 1`,
    )
    .pluck();
  const readConfig = db
    .prepare<[], string>("SELECT value FROM meta WHERE key = 'push_config'")
    .pluck();
  const writeConfig = db.prepare(
    `INSERT INTO meta (key, value) VALUES ('push_config', ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  );

  const announced = readConfig.get();
  let config = announced === undefined ? null : (JSON.parse(announced) as PushConfig);

  const readDue = db
    .prepare<[], number>("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'unseen_due'")
    .pluck();
  const writeDue = db.prepare<[number]>(
    `INSERT INTO meta (key, value) VALUES ('unseen_due', ?)
     ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
  );

  /** Up to here what was received and not seen is due. Ahead of the offset: jobs may run before that has moved. */
  const unseenTo = () => Math.max(offsets.read('unseen'), readDue.get() ?? 0);

  function page(
    select: typeof unreceived,
    { pos, end, limit }: { pos: number; end: number; limit: number },
  ): PushPage {
    const upTo = stretch.get(pos, end, limit) ?? pos;
    if (upTo === pos) return { pos, jobs: [] };
    const platforms = config && JSON.stringify(config.platforms);
    const due = select.all({ from: pos, to: upTo, platforms });
    const jobs: DuePush[] = due.map(({ platform, ...job }) => ({ platform, job }));
    return { pos: upTo, jobs };
  }

  /** The newest message of others after `from`, up to `to`. */
  function newestOf({ conversation, identity }: Membership, from: number, to: number) {
    const found = newest.get(conversation, from, to, identity);
    return found && { ...found, at: unpackTime(found.at) };
  }

  /** The newest message that the device is to be told of. */
  function newsFor(member: Membership, toldSeq: number): NewestRow | undefined {
    const { delivered_seq, seen_seq, last_seq } = member;
    const news = newestOf(member, awareOf(member, toldSeq), last_seq);
    if (news || seen_seq >= delivered_seq) return news;
    const due = Math.min(delivered_seq, seqAt.get(member.conversation, unseenTo()) ?? 0);
    return newestOf(member, awareOf({ ...member, delivered_seq: seen_seq }, toldSeq), due);
  }

  /** What the notification that a device shows has to become; it goes with a conversation that is muted or deleted. */
  function corrected(member: Membership | undefined, mark: Mark) {
    if (mark.stale === 0 || mark.shown_seq === 0) return undefined;
    const after = member && Math.max(member.read_seq, member.joined_seq - 1);
    return correctionOf(mark, member && newestOf(member, after ?? 0, mark.seq));
  }

  /** Who is told of a conversation. */
  function listener(conversationId: string, userId: string): Membership | undefined {
    const member = access.find(conversationId, userId);
    return member?.muted ? undefined : member;
  }

  const sources: PushSources = {
    push: (pos, end, limit) => page(unreceived, { pos, end, limit }),
    async unseen(pos, end, limit) {
      const found = page(unseen, { pos, end, limit });
      if (found.jobs.length > 0) await write(() => void writeDue.run(found.pos));
      return found;
    },
  };

  function stateOf({ user_id, device_id, conversation_id }: PushJob): PushState {
    const found = deviceOf.get(user_id, device_id);
    if (!found) return { push: null };
    const { probe, ...device } = found;
    // Cannot be reached for now: another conversation finds out when it can, and this one waits.
    if (probe !== null && probe !== conversation_id) return { push: null };
    const mark = markOf.get({ user_id, device_id, conversation_id });
    const member = listener(conversation_id, user_id);
    const news = member && newsFor(member, mark?.seq ?? 0);
    const told = news ? { ...news, change: {} } : mark && corrected(member, mark);
    if (!told) return { push: null };
    const { seq, rev, at, content, name, change } = told;
    return {
      push: {
        seq,
        rev,
        at,
        ...change,
        pushed_at: mark?.at ?? null,
        agent_name: name,
        content,
        ...questionOf(told, now()),
        badge: Number(badge.get(user_id)),
        device: toDevice(device),
      },
    };
  }

  function mark(
    { user_id, device_id, conversation_id, seq, rev, withdrawn }: PushMark,
    at: string,
  ) {
    const member = listener(conversation_id, user_id);
    const upTo = Math.min(seq, member?.last_seq ?? seq);
    const now = shownNow.get(conversation_id, upTo);
    const shown_rev = rev ?? now?.rev ?? 0;
    // Read, edited, deleted or muted while it was on its way.
    const isRight = member && member.read_seq < upTo && now?.deleted === 0 && now.rev === shown_rev;
    const shown_seq = withdrawn || (member && !now) ? 0 : upTo;
    const stale = Number(shown_seq > 0 && !isRight);
    setMark.run({
      ...{ user_id, device_id, conversation_id },
      ...{ seq: upTo, at, shown_seq, shown_rev, stale },
    });
    reached.run({ user_id, device_id });
  }

  const calls: Push['calls'] = {
    pushState: async (target) => stateOf(target),
    pushStates: async ({ targets }) => ({ states: targets.map(stateOf) }),

    markPushed: (marked) => calls.markAllPushed({ marks: [marked] }),

    async markAllPushed({ marks }) {
      return write(({ at }) => {
        for (const marked of marks) mark(marked, at);
        return {};
      });
    },

    async announcePush(push) {
      return write(() => {
        writeConfig.run(JSON.stringify(push));
        config = push;
        return {};
      });
    },

    async pushConfig() {
      return { push: config };
    },
  };
  return { calls, sources };
}
