import { kindOf } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

/** Whether a credential (session or key id) still stands for an identity. */
export interface Credentials {
  isValid(tx: Tx, identityId: string, credentialId: string): Promise<boolean>;
  /**
   * The identity's epoch; throws `unauthorized` for what is unknown, of another identity, revoked or has run out. What
   * revokes a credential while the transaction is under way takes effect after it.
   */
  check(tx: Tx, identityId: string, credentialId: string): Promise<number>;
}

const BY_SESSION = `SELECT i.epoch FROM sessions s JOIN users u ON u.id = s.user_id JOIN identities i ON i.id = u.id
  WHERE i.id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 AND u.disabled_at IS NULL`;
const BY_KEY = `SELECT i.epoch FROM agent_keys k JOIN agents a ON a.id = k.agent_id JOIN identities i ON i.id = a.id
  WHERE i.id = $1 AND k.key_id = $2 AND k.revoked_at IS NULL AND coalesce(k.expires_at, '9999') > $3
    AND a.deleted_at IS NULL`;

export function createCredentials({ now }: Pick<Postgres, 'now'>): Credentials {
  async function epochOf(tx: Tx, identityId: string, credentialId: string) {
    const sql = kindOf(identityId) === 'user' ? BY_SESSION : BY_KEY;
    const values = [identityId, credentialId, now().toISOString()];
    return (await tx.get<{ epoch: number }>(sql, values))?.epoch;
  }

  return {
    isValid: async (tx, identityId, credentialId) =>
      (await epochOf(tx, identityId, credentialId)) !== undefined,
    async check(tx, identityId, credentialId) {
      const epoch = await epochOf(tx, identityId, credentialId);
      if (epoch === undefined) {
        throw new AppError('unauthorized', 'This credential is not valid (any more).');
      }
      return epoch;
    },
  };
}
