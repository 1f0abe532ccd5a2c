import type { PushJob, PushPlatform } from '@agent-messenger/contracts';
import type { PushBacklog } from '../push-rules';
import type { WaitingDevice } from '../store';
import type { Offsets } from './offsets';
import type { Sqlite } from './sqlite';

type Of = Pick<PushJob, 'user_id' | 'device_id'>;

/** Devices whose conversations wait here and not in the queue: they cannot be reached, or the queue is full. */
export function createPushBacklog({ db, write }: Sqlite, offsets: Offsets): PushBacklog {
  const probeOf = db
    .prepare<Of, string | null>(
      'SELECT probe FROM push_tokens WHERE user_id = @user_id AND device_id = @device_id',
    )
    .pluck();
  const setProbe = db.prepare<PushJob>(
    `UPDATE push_tokens SET probe = @conversation_id, backlog = backlog + 1
     WHERE user_id = @user_id AND device_id = @device_id`,
  );
  const clearProbe = db.prepare<PushJob>(
    `UPDATE push_tokens SET probe = NULL
     WHERE user_id = @user_id AND device_id = @device_id AND probe = @conversation_id`,
  );
  const park = db.prepare<Of>(
    'UPDATE push_tokens SET backlog = backlog + 1 WHERE user_id = @user_id AND device_id = @device_id',
  );
  const list = db.prepare<{ user: string; device: string; limit: number }, WaitingDevice>(
    `SELECT user_id, device_id, platform, probe, backlog FROM push_tokens
     WHERE backlog > 0 AND (user_id, device_id) > (@user, @device)
     ORDER BY user_id, device_id LIMIT @limit`,
  );
  const listReleased = db.prepare<{ user: string; device: string; limit: number }, WaitingDevice>(
    `SELECT user_id, device_id, platform, probe, backlog FROM push_tokens
     WHERE backlog > 0 AND probe IS NULL AND (user_id, device_id) > (@user, @device)
     ORDER BY user_id, device_id LIMIT @limit`,
  );
  const count = db
    .prepare<[], number>('SELECT count(*) FROM push_tokens WHERE backlog > 0')
    .pluck();
  // Up to the consumer's offset: what came later is within its grace, and the consumer's to decide.
  const unaware = (which: (conversation: string) => string) =>
    db.prepare<
      Of & { conversation: string; pos: number; unseen: number; limit: number },
      PushJob & { platform: PushPlatform; n: number }
    >(
      `SELECT p.user_id, c.id AS conversation_id, p.device_id, p.platform, c.n
     FROM push_tokens p
     JOIN identities i ON i.id = p.user_id
     JOIN members m ON m.identity = i.n AND m.message_pos IS NOT NULL
     JOIN conversations c ON c.n = m.conversation
     LEFT JOIN push_marks k ON k.user_id = p.user_id AND k.device_id = p.device_id
       AND k.conversation = m.conversation
     WHERE p.user_id = @user_id AND p.device_id = @device_id AND m.muted = 0
       AND ${which('m.conversation')}
       AND (max(m.seen_seq, m.read_seq, ifnull(k.seq, 0)) < c.last_seq AND EXISTS (
         SELECT 1 FROM log x
         WHERE x.conversation = m.conversation AND x.seq >= m.joined_seq
           AND x.seq > max(m.seen_seq, m.read_seq, ifnull(k.seq, 0)) AND x.counts <> m.identity
           AND x.pos <= iif(x.seq > m.delivered_seq, @pos, @unseen)))
     UNION
     SELECT k.user_id, c.id, k.device_id, p.platform, c.n
     FROM push_marks k JOIN push_tokens p ON p.user_id = k.user_id AND p.device_id = k.device_id
       JOIN conversations c ON c.n = k.conversation
     WHERE k.user_id = @user_id AND k.device_id = @device_id AND k.stale > 0
       AND ${which('k.conversation')}
     ORDER BY n LIMIT @limit`,
    );
  const numberOf = '(SELECT n FROM conversations WHERE id = @conversation)';
  const unawareAfter = unaware((conversation) => `${conversation} > ifnull(${numberOf}, 0)`);
  // By its index: of a person with many conversations each device that is held asks once a minute.
  const unawareOf = unaware((conversation) => `${conversation} = ${numberOf}`);
  const end = db.prepare<Of & { backlog: number }>(
    `UPDATE push_tokens SET backlog = 0
     WHERE user_id = @user_id AND device_id = @device_id AND probe IS NULL AND backlog = @backlog`,
  );

  return {
    async holdPush({ user_id, device_id, conversation_id }) {
      const ids = { user_id, device_id, conversation_id };
      const probe = probeOf.get(ids);
      if (probe !== null) return { probes: probe === conversation_id };
      return write(() => {
        // Another may have begun to probe meanwhile.
        const now = probeOf.get(ids);
        if (now === null) setProbe.run(ids);
        return { probes: now === null || now === conversation_id };
      });
    },

    async releasePush({ user_id, device_id, conversation_id }) {
      const ids = { user_id, device_id, conversation_id };
      if (probeOf.get(ids) === conversation_id) await write(() => clearProbe.run(ids));
      return {};
    },

    async parkPushes(targets) {
      const devices = new Map(
        targets.map(({ user_id, device_id }) => [
          JSON.stringify([user_id, device_id]),
          { user_id, device_id },
        ]),
      );
      await write(() => {
        for (const device of devices.values()) park.run(device);
      });
    },

    async waitingDevices({ after, released, limit }) {
      const { user_id: user = '', device_id: device = '' } = after ?? {};
      return (released ? listReleased : list).all({ user, device, limit });
    },

    async waitingDeviceCount() {
      return count.get() ?? 0;
    },

    async waitingPushes({ user_id, device_id }, { after = '', conversation_id, limit }) {
      const [pos, unseen] = [offsets.read('push'), offsets.read('unseen')];
      const [statement, conversation] =
        conversation_id === undefined ? [unawareAfter, after] : [unawareOf, conversation_id];
      const due = statement.all({ user_id, device_id, conversation, pos, unseen, limit });
      return due.map(({ platform, user_id, conversation_id, device_id }) => ({
        platform,
        job: { user_id, conversation_id, device_id },
      }));
    },

    async endWaiting({ user_id, device_id, backlog }) {
      await write(() => end.run({ user_id, device_id, backlog }));
    },
  };
}
