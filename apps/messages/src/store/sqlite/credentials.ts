import { kindOf } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Sqlite } from './sqlite';

/** Whether a credential (session or key id) still stands for an identity. */
export interface Credentials {
  isValid(identityId: string, credentialId: string): boolean;
  /** The identity's epoch; throws `unauthorized` for what is unknown, of another identity, revoked or has run out. */
  check(identityId: string, credentialId: string): number;
}

export function createCredentials({ db, now }: Sqlite): Credentials {
  const bySession = db
    .prepare<[string, string, string], number>(
      `SELECT i.epoch FROM sessions s JOIN users u ON u.id = s.user_id JOIN identities i ON i.id = u.id
       WHERE i.id = ? AND s.id = ? AND s.revoked_at IS NULL AND s.expires_at > ? AND u.disabled_at IS NULL`,
    )
    .pluck();
  const byKey = db
    .prepare<[string, string, string], number>(
      `SELECT i.epoch FROM agent_keys k JOIN agents a ON a.id = k.agent_id JOIN identities i ON i.id = a.id
       WHERE i.id = ? AND k.key_id = ? AND k.revoked_at IS NULL AND ifnull(k.expires_at, '9999') > ?
         AND a.deleted_at IS NULL`,
    )
    .pluck();

  function epochOf(identityId: string, credentialId: string): number | undefined {
    const find = kindOf(identityId) === 'user' ? bySession : byKey;
    return find.get(identityId, credentialId, now().toISOString());
  }

  return {
    isValid: (identityId, credentialId) => epochOf(identityId, credentialId) !== undefined,
    check(identityId, credentialId) {
      const epoch = epochOf(identityId, credentialId);
      if (epoch === undefined) {
        throw new AppError('unauthorized', 'This credential is not valid (any more).');
      }
      return epoch;
    },
  };
}
