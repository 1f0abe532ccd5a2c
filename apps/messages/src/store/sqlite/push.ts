import { LIMITS, type PushJob, type PushRegistration } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Store } from '../store';
import type { Access, Membership } from './access';
import type { Sqlite } from './sqlite';

type Push = Pick<
  Store,
  'registerPush' | 'unregisterPush' | 'pushState' | 'markPushed' | 'pushesAfter'
>;
const DEVICES_PER_USER = 20;

interface DeviceRow {
  device_id: string;
  platform: PushRegistration['platform'];
  token: string;
  keys: string | null;
  quiet_hours: string | null;
  registered_at: string;
}

export function createPush({ db, write }: Sqlite, access: Access): Push {
  const dropToken = db.prepare(
    'DELETE FROM push_tokens WHERE token = ? OR (user_id = ? AND device_id = ?)',
  );
  const insertToken = db.prepare(
    `INSERT INTO push_tokens (token, user_id, device_id, platform, keys, quiet_hours, registered_at)
     SELECT ?, id, ?, ?, ?, ?, ? FROM users WHERE id = ?`,
  );
  const dropOldest = db.prepare(
    `DELETE FROM push_tokens WHERE user_id = @user AND rowid NOT IN (
       SELECT rowid FROM push_tokens WHERE user_id = @user
       ORDER BY registered_at DESC, rowid DESC LIMIT ${DEVICES_PER_USER})`,
  );
  const unregister = db.prepare('DELETE FROM push_tokens WHERE user_id = ? AND token = ?');
  const devicesOf = db.prepare<[string], DeviceRow>(
    `SELECT device_id, platform, token, keys, quiet_hours, registered_at FROM push_tokens
     WHERE user_id = ? ORDER BY registered_at`,
  );
  const newest = db.prepare<
    [string, number, string],
    { seq: number; content: string | null; name: string }
  >(
    `SELECT x.seq, x.content, i.name FROM messages x JOIN identities i ON i.id = x.sender_id
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
  const setPushed = db.prepare(
    `UPDATE members SET pushed_seq = max(pushed_seq, ?), pushed_at = ?
     WHERE conversation_id = ? AND identity_id = ?`,
  );
  const stretch = db.prepare<[number, number], { pos: number; at: string }>(
    'SELECT pos, at FROM events WHERE pos > ? ORDER BY pos LIMIT ?',
  );
  const unaware = db.prepare<[number, number], PushJob>(
    `SELECT DISTINCT m.identity_id AS user_id, m.conversation_id
     FROM events e
     JOIN messages x ON x.id = e.message_id AND x.deleted_at IS NULL
     JOIN conversations c ON c.id = e.conversation_id AND c.deleted_at IS NULL
     JOIN members m ON m.conversation_id = e.conversation_id AND m.identity_id <> x.sender_id
     WHERE e.pos > ? AND e.pos <= ? AND e.type = 'message.created'
       AND m.left_seq IS NULL AND m.joined_seq <= e.seq AND m.muted = 0
       AND max(m.delivered_seq, m.read_seq, m.pushed_seq) < e.seq
       AND EXISTS (SELECT 1 FROM push_tokens p WHERE p.user_id = m.identity_id)`,
  );

  /** The last seq that a person knows of, in whatever way. */
  const awareOf = (member: Membership) =>
    Math.max(member.delivered_seq, member.read_seq, member.pushed_seq, member.joined_seq - 1);

  return {
    async registerPush({ user_id, registration }) {
      const { device_id, platform, token, keys, quiet_hours } = registration;
      return write(({ at }) => {
        // A token belongs to an installation: who registers it last is who uses it now.
        dropToken.run(token, user_id, device_id);
        const { changes } = insertToken.run(
          token,
          device_id,
          platform,
          keys ? JSON.stringify(keys) : null,
          quiet_hours ? JSON.stringify(quiet_hours) : null,
          at,
          user_id,
        );
        if (changes === 0) throw new AppError('not_found', 'No such user.');
        dropOldest.run({ user: user_id });
        return {};
      });
    },

    async unregisterPush({ user_id, token }) {
      return write(() => {
        unregister.run(user_id, token);
        return {};
      });
    },

    async pushState({ user_id, conversation_id }) {
      const member = access.find(conversation_id, user_id);
      if (!member || member.muted) return { push: null };
      const devices = devicesOf.all(user_id);
      const message = newest.get(conversation_id, awareOf(member), user_id);
      if (devices.length === 0 || !message) return { push: null };
      return {
        push: {
          seq: message.seq,
          pushed_at: member.pushed_at,
          agent_name: message.name,
          content: message.content,
          badge: Number(badge.get(user_id)),
          devices: devices.map(({ keys, quiet_hours, ...device }) => ({
            ...device,
            ...(keys !== null && { keys: JSON.parse(keys) as PushRegistration['keys'] }),
            ...(quiet_hours !== null && {
              quiet_hours: JSON.parse(quiet_hours) as PushRegistration['quiet_hours'],
            }),
          })),
        },
      };
    },

    async markPushed({ user_id, conversation_id, seq }) {
      return write(({ at }) => {
        const member = access.find(conversation_id, user_id);
        if (member) {
          setPushed.run(Math.min(seq, member.last_seq), at, conversation_id, user_id);
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
      return { pos: reached, jobs: reached === pos ? [] : unaware.all(pos, reached) };
    },
  };
}
