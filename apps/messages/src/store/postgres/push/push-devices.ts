import { DEVICES_PER_USER, UNUSED_MS } from '../../push-rules';
import type { Store } from '../../store';
import type { Credentials } from '../accounts/credentials';
import { isDuplicateKeyOf } from '../driver/faults';
import type { Postgres } from '../postgres';

type PushDevices = Pick<
  Store,
  'registerPush' | 'unregisterPush' | 'dropPushToken' | 'expirePushTokens'
>;

/** A token of two people who register it at the same time: the second one finds the first one's. */
const TRIES = 3;
const DROP_FROM_OTHERS =
  'DELETE FROM push_tokens WHERE token = $1 AND NOT (user_id = $2 AND device_id = $3)';
// An update in place: what the device has been told is still true when it registers again. Whether it can be reached is
// found out anew.
const UPSERT = `INSERT INTO push_tokens (token, user_id, device_id, platform, keys, quiet_hours, registered_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (user_id, device_id) DO UPDATE SET token = excluded.token, platform = excluded.platform,
    keys = excluded.keys, quiet_hours = excluded.quiet_hours, registered_at = excluded.registered_at,
    registration = excluded.registration, probe = NULL`;
const DROP_OLDEST = `DELETE FROM push_tokens WHERE user_id = $1 AND device_id IN (
    SELECT device_id FROM push_tokens WHERE user_id = $1 ORDER BY registration DESC OFFSET ${DEVICES_PER_USER})`;

/** The devices that people have registered for pushes. */
export function createPushDevices({ now, write }: Postgres, credentials: Credentials): PushDevices {
  return {
    async registerPush({ user_id, session_id, registration }) {
      const { device_id, platform, token, keys, quiet_hours } = registration;
      const register = () =>
        write(async (tx) => {
          // In this transaction: what ends all sessions drops the devices as well, and none may come after that.
          tx.later('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [user_id]);
          await credentials.check(tx, user_id, session_id);
          // A token belongs to an installation: who registers it last is who uses it now.
          tx.later(DROP_FROM_OTHERS, [token, user_id, device_id]);
          tx.later(UPSERT, [
            ...[token, user_id, device_id, platform],
            keys ? JSON.stringify(keys) : null,
            quiet_hours ? JSON.stringify(quiet_hours) : null,
            tx.at,
          ]);
          tx.later(DROP_OLDEST, [user_id]);
          return {};
        });
      for (let tries = 1; ; tries += 1) {
        try {
          return await register();
        } catch (error) {
          if (tries === TRIES || !isDuplicateKeyOf(error, 'push_tokens_pkey')) throw error;
        }
      }
    },

    async unregisterPush({ user_id, token }) {
      return write(async (tx) => {
        tx.later('DELETE FROM push_tokens WHERE user_id = $1 AND token = $2', [user_id, token]);
        return {};
      });
    },

    async dropPushToken({ token, registered_until }) {
      return write(async (tx) => {
        const sql = 'DELETE FROM push_tokens WHERE token = $1 AND registered_at <= $2';
        return { dropped: (await tx.run(sql, [token, registered_until])) > 0 };
      });
    },

    async expirePushTokens() {
      const unusedSince = new Date(now().getTime() - UNUSED_MS).toISOString();
      return write((tx) =>
        tx.run('DELETE FROM push_tokens WHERE registered_at < $1', [unusedSince]),
      );
    },
  };
}
