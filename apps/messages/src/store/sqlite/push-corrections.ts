import type { PushJob, PushPlatform } from '@agent-messenger/contracts';
import type { Store } from '../store';
import type { Membership } from './access';
import type { Sqlite } from './sqlite';

type Member = Pick<Membership, 'conversation' | 'identity_id'>;

/** Finds the notifications that are no longer right. All within the transaction that makes them wrong. */
export interface PushCorrections {
  /** The person has read up to `seq`. */
  read(member: Member, seq: number): void;
  /** A message was edited or deleted. */
  changed(conversation: number, seq: number): void;
  /** The person has muted the conversation. */
  muted(member: Member): void;
  /** The conversation was deleted. */
  ended(conversation: number): void;
}

export function createPushCorrections({
  db,
  write,
}: Sqlite): PushCorrections & { calls: Pick<Store, 'stalePushes' | 'correctionsQueued'> } {
  const read = db.prepare<[number, string, number]>(
    `UPDATE push_marks SET stale = 1
     WHERE conversation = ? AND user_id = ? AND shown_seq > 0 AND shown_seq <= ?`,
  );
  const changed = db.prepare<[number, number]>(
    'UPDATE push_marks SET stale = 1 WHERE conversation = ? AND shown_seq > 0 AND shown_seq = ?',
  );
  const muted = db.prepare<[number, string]>(
    'UPDATE push_marks SET stale = 1 WHERE conversation = ? AND user_id = ? AND shown_seq > 0',
  );
  const ended = db.prepare<[number]>(
    'UPDATE push_marks SET stale = 1 WHERE conversation = ? AND shown_seq > 0',
  );
  const list = db.prepare<[number], PushJob & { platform: PushPlatform }>(
    `SELECT k.user_id, k.device_id, c.id AS conversation_id, p.platform
     FROM push_marks k JOIN push_tokens p ON p.user_id = k.user_id AND p.device_id = k.device_id
       JOIN conversations c ON c.n = k.conversation
     WHERE k.stale = 1 LIMIT ?`,
  );
  const queued = db.prepare<PushJob>(
    `UPDATE push_marks SET stale = 2
     WHERE user_id = @user_id AND device_id = @device_id AND stale = 1
       AND conversation = (SELECT n FROM conversations WHERE id = @conversation_id)`,
  );

  return {
    read: ({ conversation, identity_id }, seq) => void read.run(conversation, identity_id, seq),
    changed: (conversation, seq) => void changed.run(conversation, seq),
    muted: ({ conversation, identity_id }) => void muted.run(conversation, identity_id),
    ended: (conversation) => void ended.run(conversation),
    calls: {
      async stalePushes(limit) {
        return list.all(limit).map(({ platform, ...job }) => ({ platform, job }));
      },
      async correctionsQueued(jobs) {
        await write(() => {
          for (const { user_id, device_id, conversation_id } of jobs) {
            queued.run({ user_id, device_id, conversation_id });
          }
        });
      },
    },
  };
}
