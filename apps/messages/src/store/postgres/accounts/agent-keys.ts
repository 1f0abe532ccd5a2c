import type { AgentKey, Ended } from '@agent-messenger/contracts';
import {
  checkExpiry,
  checkKeyCount,
  endOfOverlap,
  isUseDue,
  keysBefore,
  noSuchKey,
  toKeyPage,
  type FoundKey,
  type KeyCalls,
  type NewKey,
  type Revocation,
} from '../../agent-key-rules';
import { noSuchAgent } from '../../no-such-agent';
import type { AuditLog } from '../audit';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

/** The API keys of agents; a row outlives its key, so that its id says in the audit log which one it was. */
export interface AgentKeys {
  calls: KeyCalls;
  insert(tx: Tx, key: NewKey): void;
  revokeAll(tx: Tx, agentId: string): Promise<Ended>;
}

const AGENT = 'SELECT 1 FROM agents WHERE id = $1 AND deleted_at IS NULL';
/** The number of an agent's keys is bounded: they are made one after the other. */
const LOCK_AGENT = `${AGENT} FOR NO KEY UPDATE`;
const INSERT = `INSERT INTO agent_keys (key_id, agent_id, key_hash, name, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6)`;
const COLUMNS = 'key_id, name, created_at, last_used_at, expires_at, revoked_at';
const BY_ID = `SELECT ${COLUMNS} FROM agent_keys WHERE key_id = $1 AND agent_id = $2`;
const PAGE = `SELECT ${COLUMNS} FROM agent_keys WHERE agent_id = $1 AND (created_at, key_id) < ($2, $3)
  ORDER BY created_at DESC, key_id DESC LIMIT $4`;
const COUNT_ACTIVE = `SELECT count(*) AS active FROM agent_keys
  WHERE agent_id = $1 AND revoked_at IS NULL AND coalesce(expires_at, '9999') > $2`;
const EXPIRE_BY = `UPDATE agent_keys SET expires_at = least(coalesce(expires_at, '9999'), $2) WHERE key_id = $1`;
const REVOKE = 'UPDATE agent_keys SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL';
const REVOKE_ALL =
  'UPDATE agent_keys SET revoked_at = $2 WHERE agent_id = $1 AND revoked_at IS NULL RETURNING key_id';
const FIND_VALID = `SELECT agent_id, key_hash, expires_at, last_used_at FROM agent_keys
  WHERE key_id = $1 AND revoked_at IS NULL AND coalesce(expires_at, '9999') > $2`;

export function createAgentKeys({ now, read, write }: Postgres, audit: AuditLog): AgentKeys {
  async function find(tx: Tx, agentId: string, keyId: string): Promise<AgentKey> {
    const key = await tx.get<AgentKey>(BY_ID, [keyId, agentId]);
    if (!key) throw noSuchKey();
    return key;
  }

  async function revokeOne(tx: Tx, { agent_id, key_id, by }: Revocation): Promise<Ended> {
    await find(tx, agent_id, key_id);
    if ((await tx.run(REVOKE, [key_id, tx.at])) > 0) {
      audit.write(tx, by, { action: 'key.revoke', target: key_id });
    }
    // Told again when it was revoked before: whoever asks again has had no answer.
    return [{ identity_id: agent_id, credential_id: key_id }];
  }

  /** The key that another one takes the place of goes on for the overlap, if it does not end before. */
  async function retire(
    tx: Tx,
    { overlap_s, ...replaced }: Revocation & { overlap_s: number },
  ): Promise<Ended> {
    if (overlap_s === 0) return revokeOne(tx, replaced);
    await find(tx, replaced.agent_id, replaced.key_id);
    const until = endOfOverlap(tx.at, overlap_s);
    tx.later(EXPIRE_BY, [replaced.key_id, until]);
    return [];
  }

  function insert(tx: Tx, { key_id, agent_id, key_hash, name, expires_at }: NewKey): void {
    tx.later(INSERT, [key_id, agent_id, key_hash, name, tx.at, expires_at]);
  }

  return {
    insert,

    async revokeAll(tx, agentId) {
      const revoked = await tx.all<{ key_id: string }>(REVOKE_ALL, [agentId, tx.at]);
      return revoked.map(({ key_id }) => ({ identity_id: agentId, credential_id: key_id }));
    },

    calls: {
      async createAgentKey({ replaces, overlap_s, by, ...key }) {
        return write(async (tx) => {
          const { agent_id, key_id } = key;
          if (!(await tx.get(LOCK_AGENT, [agent_id]))) throw noSuchAgent();
          checkExpiry(key, tx.at);
          const ended =
            replaces === undefined
              ? []
              : await retire(tx, { agent_id, key_id: replaces, overlap_s, by });
          const count = await tx.get<{ active: number }>(COUNT_ACTIVE, [agent_id, tx.at]);
          checkKeyCount(count?.active ?? 0);
          insert(tx, key);
          audit.write(tx, by, { action: 'key.create', target: key_id });
          return { key: await find(tx, agent_id, key_id), ended };
        });
      },

      async listAgentKeys({ agent_id, limit, cursor }) {
        const from = keysBefore(cursor);
        return read(async (tx) => {
          const [agent, keys] = await Promise.all([
            tx.get(AGENT, [agent_id]),
            tx.all<AgentKey>(PAGE, [agent_id, from.created_at, from.key_id, limit + 1]),
          ]);
          if (!agent) throw noSuchAgent();
          return toKeyPage(keys, limit);
        });
      },

      async revokeAgentKey(revocation) {
        return write(async (tx) => ({ ended: await revokeOne(tx, revocation) }));
      },

      async findAgentKey({ key_id }) {
        const at = now();
        const found = await read((tx) => tx.get<FoundKey>(FIND_VALID, [key_id, at.toISOString()]));
        if (!found) return { key: null };
        const { last_used_at, ...key } = found;
        if (isUseDue(last_used_at, at)) {
          await write((tx) =>
            tx.run('UPDATE agent_keys SET last_used_at = $2 WHERE key_id = $1', [key_id, tx.at]),
          );
        }
        return { key };
      },
    },
  };
}
