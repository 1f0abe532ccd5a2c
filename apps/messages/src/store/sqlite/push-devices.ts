import { DEVICES_PER_USER, UNUSED_MS } from '../push-rules';
import type { Store } from '../store';
import type { Credentials } from './credentials';
import type { Sqlite } from './sqlite';

type PushDevices = Pick<
  Store,
  'registerPush' | 'unregisterPush' | 'dropPushToken' | 'expirePushTokens'
>;

/** The devices that people have registered for pushes. */
export function createPushDevices(
  { db, now, write }: Sqlite,
  credentials: Credentials,
): PushDevices {
  const dropFromOthers = db.prepare(
    'DELETE FROM push_tokens WHERE token = ? AND NOT (user_id = ? AND device_id = ?)',
  );
  // An update in place: what the device has been told is still true when it registers again. Whether it can be reached
  // is found out anew.
  const upsert = db.prepare(
    `INSERT INTO push_tokens (token, user_id, device_id, platform, keys, quiet_hours, registered_at, rev)
     VALUES (@token, @user_id, @device_id, @platform, @keys, @quiet_hours, @at, @rev)
     ON CONFLICT (user_id, device_id) DO UPDATE SET token = excluded.token,
       platform = excluded.platform, keys = excluded.keys, quiet_hours = excluded.quiet_hours,
       registered_at = excluded.registered_at, rev = excluded.rev, probe = NULL`,
  );
  const dropOldest = db.prepare(
    `DELETE FROM push_tokens WHERE user_id = @user AND rowid NOT IN (
       SELECT rowid FROM push_tokens WHERE user_id = @user
       ORDER BY rev DESC, rowid DESC LIMIT ${DEVICES_PER_USER})`,
  );
  const unregister = db.prepare('DELETE FROM push_tokens WHERE user_id = ? AND token = ?');
  const drop = db.prepare('DELETE FROM push_tokens WHERE token = ? AND registered_at <= ?');
  const expire = db.prepare('DELETE FROM push_tokens WHERE registered_at < ?');

  return {
    async registerPush({ user_id, session_id, registration }) {
      const { device_id, platform, token, keys, quiet_hours } = registration;
      return write(({ at, rev }) => {
        // In this transaction: what ends all sessions drops the devices as well, and none may come after that.
        credentials.check(user_id, session_id);
        // A token belongs to an installation: who registers it last is who uses it now.
        dropFromOthers.run(token, user_id, device_id);
        upsert.run({
          token,
          user_id,
          device_id,
          platform,
          keys: keys ? JSON.stringify(keys) : null,
          quiet_hours: quiet_hours ? JSON.stringify(quiet_hours) : null,
          at,
          rev,
        });
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

    async dropPushToken({ token, registered_until }) {
      return write(() => ({ dropped: drop.run(token, registered_until).changes > 0 }));
    },

    async expirePushTokens() {
      const unusedSince = new Date(now().getTime() - UNUSED_MS).toISOString();
      return write(() => expire.run(unusedSince).changes);
    },
  };
}
