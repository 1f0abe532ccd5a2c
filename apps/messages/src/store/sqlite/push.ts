import {
  LIMITS,
  type PushConfig,
  type PushJob,
  type PushPlatform,
} from '@agent-messenger/contracts';
import type { DuePush, Store } from '../store';
import type { Access, Membership } from './access';
import { toDevice, type DeviceRow } from './push-devices';
import type { Sqlite } from './sqlite';

type Push = Pick<Store, 'pushState' | 'markPushed' | 'pushesAfter' | 'announcePush' | 'pushConfig'>;

interface NewestRow {
  seq: number;
  at: string;
  content: string | null;
  name: string;
}

/** What devices are told, and what they have been told. */
export function createPush({ db, write }: Sqlite, access: Access): Push {
  const deviceOf = db.prepare<[string, string], DeviceRow>(
    `SELECT p.device_id, p.platform, p.token, p.keys, p.quiet_hours, p.registered_at
     FROM push_tokens p JOIN users u ON u.id = p.user_id AND u.disabled_at IS NULL
     WHERE p.user_id = ? AND p.device_id = ?`,
  );
  const markOf = db.prepare<PushJob, { seq: number; at: string }>(
    `SELECT seq, at FROM push_marks
     WHERE user_id = @user_id AND device_id = @device_id AND conversation_id = @conversation_id`,
  );
  const newest = db.prepare<[string, number, string], NewestRow>(
    `SELECT x.seq, x.created_at AS at, x.content, i.name
     FROM messages x JOIN identities i ON i.id = x.sender_id
     WHERE x.conversation_id = ? AND x.seq > ? AND x.sender_id <> ? AND x.deleted_at IS NULL
     ORDER BY x.seq DESC LIMIT 1`,
  );
  const badge = db
    .prepare<[string]>(
      `SELECT count(*) FROM (
         SELECT 1 FROM members m
         JOIN conversations c ON c.id = m.conversation_id AND c.deleted_at IS NULL
         JOIN messages x ON x.conversation_id = c.id AND x.seq > m.read_seq AND x.seq >= m.joined_seq
           AND x.sender_id <> m.identity_id AND x.deleted_at IS NULL
         WHERE m.identity_id = ? AND m.left_seq IS NULL AND m.read_seq < c.last_seq
         LIMIT ${LIMITS.unreadCap})`,
    )
    .pluck();
  const setMark = db.prepare(
    `INSERT INTO push_marks (user_id, device_id, conversation_id, seq, at)
     SELECT user_id, device_id, @conversation_id, @seq, @at FROM push_tokens
     WHERE user_id = @user_id AND device_id = @device_id
     ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq), at = excluded.at`,
  );
  const stretch = db.prepare<[number, number], { pos: number; at: string }>(
    'SELECT pos, at FROM events WHERE pos > ? ORDER BY pos LIMIT ?',
  );
  const unaware = db.prepare<
    { from: number; to: number; platforms: string | null },
    PushJob & { platform: PushPlatform }
  >(
    `SELECT DISTINCT m.identity_id AS user_id, m.conversation_id, p.device_id, p.platform
     FROM events e
     JOIN messages x ON x.id = e.message_id AND x.deleted_at IS NULL
     JOIN conversations c ON c.id = e.conversation_id AND c.deleted_at IS NULL
     JOIN members m ON m.conversation_id = e.conversation_id AND m.identity_id <> x.sender_id
     JOIN users u ON u.id = m.identity_id AND u.disabled_at IS NULL
     JOIN push_tokens p ON p.user_id = u.id
     LEFT JOIN push_marks k ON k.user_id = p.user_id AND k.device_id = p.device_id
       AND k.conversation_id = m.conversation_id
     WHERE e.pos > @from AND e.pos <= @to AND e.type = 'message.created'
       AND m.left_seq IS NULL AND m.joined_seq <= e.seq AND m.muted = 0
       AND max(m.delivered_seq, m.read_seq, ifnull(k.seq, 0)) < e.seq
       AND (@platforms IS NULL OR p.platform IN (SELECT value FROM json_each(@platforms)))`,
  );
  const readConfig = db
    .prepare<[], string>("SELECT value FROM meta WHERE key = 'push_config'")
    .pluck();
  const writeConfig = db.prepare(
    `INSERT INTO meta (key, value) VALUES ('push_config', ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  );

  const announced = readConfig.get();
  let config = announced === undefined ? null : (JSON.parse(announced) as PushConfig);

  /** The last seq that there is nothing to tell about any more. */
  const awareOf = (member: Membership, toldSeq = 0) =>
    Math.max(member.delivered_seq, member.read_seq, toldSeq, member.joined_seq - 1);

  return {
    async pushState({ user_id, device_id, conversation_id }) {
      const member = access.find(conversation_id, user_id);
      const device = deviceOf.get(user_id, device_id);
      if (!member || member.muted || !device) return { push: null };
      const mark = markOf.get({ user_id, device_id, conversation_id });
      const message = newest.get(conversation_id, awareOf(member, mark?.seq), user_id);
      if (!message) return { push: null };
      const { seq, at, content, name } = message;
      return {
        push: {
          seq,
          at,
          pushed_at: mark?.at ?? null,
          agent_name: name,
          content,
          badge: Number(badge.get(user_id)),
          device: toDevice(device),
        },
      };
    },

    async markPushed({ user_id, device_id, conversation_id, seq }) {
      return write(({ at }) => {
        const member = access.find(conversation_id, user_id);
        if (member) {
          const reached = Math.min(seq, member.last_seq);
          setMark.run({ user_id, device_id, conversation_id, seq: reached, at });
        }
        return {};
      });
    },

    async pushesAfter(pos, before, limit) {
      let reached = pos;
      // Stops at the first that is too young: a clock that was set back delays pushes, and skips none.
      for (const event of stretch.iterate(pos, limit)) {
        if (event.at > before) break;
        reached = event.pos;
      }
      if (reached === pos) return { pos, jobs: [] };
      const platforms = config && JSON.stringify(config.platforms);
      const due = unaware.all({ from: pos, to: reached, platforms });
      const jobs: DuePush[] = due.map(({ platform, ...job }) => ({ platform, job }));
      return { pos: reached, jobs };
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
}
