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
} from '../agent-key-rules';
import { noSuchAgent } from '../no-such-agent';
import type { AuditLog } from './audit';
import type { Sqlite, Transaction } from './sqlite';

/** The API keys of agents; a row outlives its key, so that its id says in the audit log which one it was. */
export interface AgentKeys {
  calls: KeyCalls;
  insert(tx: Transaction, key: NewKey): void;
  revokeAll(tx: Transaction, agentId: string): Ended;
}

export function createAgentKeys({ db, now, write }: Sqlite, audit: AuditLog): AgentKeys {
  const agentExists = db.prepare<[string]>(
    'SELECT 1 FROM agents WHERE id = ? AND deleted_at IS NULL',
  );
  const insertKey = db.prepare(
    `INSERT INTO agent_keys (key_id, agent_id, key_hash, name, created_at, expires_at)
     VALUES (@key_id, @agent_id, @key_hash, @name, @at, @expires_at)`,
  );
  const columns = 'key_id, name, created_at, last_used_at, expires_at, revoked_at';
  const byId = db.prepare<[string, string], AgentKey>(
    `SELECT ${columns} FROM agent_keys WHERE key_id = ? AND agent_id = ?`,
  );
  const page = db.prepare<[string, string, string, number], AgentKey>(
    `SELECT ${columns} FROM agent_keys WHERE agent_id = ? AND (created_at, key_id) < (?, ?)
     ORDER BY created_at DESC, key_id DESC LIMIT ?`,
  );
  const countActive = db
    .prepare<[string, string], number>(
      `SELECT count(*) FROM agent_keys
       WHERE agent_id = ? AND revoked_at IS NULL AND ifnull(expires_at, '9999') > ?`,
    )
    .pluck();
  const expireBy = db.prepare<{ expires_at: string; key_id: string }>(
    `UPDATE agent_keys SET expires_at = min(ifnull(expires_at, '9999'), @expires_at) WHERE key_id = @key_id`,
  );
  const revoke = db.prepare(
    'UPDATE agent_keys SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL',
  );
  const revokeAll = db
    .prepare<[string, string], string>(
      'UPDATE agent_keys SET revoked_at = ? WHERE agent_id = ? AND revoked_at IS NULL RETURNING key_id',
    )
    .pluck();
  const findValid = db.prepare<[string, string], FoundKey>(
    `SELECT agent_id, key_hash, expires_at, last_used_at FROM agent_keys
     WHERE key_id = ? AND revoked_at IS NULL AND ifnull(expires_at, '9999') > ?`,
  );
  const noteUse = db.prepare('UPDATE agent_keys SET last_used_at = ? WHERE key_id = ?');

  function read(agentId: string, keyId: string): AgentKey {
    const key = byId.get(keyId, agentId);
    if (!key) throw noSuchKey();
    return key;
  }

  function revokeOne(tx: Transaction, { agent_id, key_id, by }: Revocation): Ended {
    read(agent_id, key_id);
    if (revoke.run(tx.at, key_id).changes > 0) {
      audit.write(tx, by, { action: 'key.revoke', target: key_id });
    }
    // Told again when it was revoked before: whoever asks again has had no answer.
    return [{ identity_id: agent_id, credential_id: key_id }];
  }

  /** The key that another one takes the place of goes on for the overlap, if it does not end before. */
  function retire(
    tx: Transaction,
    { overlap_s, ...replaced }: Revocation & { overlap_s: number },
  ): Ended {
    if (overlap_s === 0) return revokeOne(tx, replaced);
    read(replaced.agent_id, replaced.key_id);
    const until = endOfOverlap(tx.at, overlap_s);
    expireBy.run({ expires_at: until, key_id: replaced.key_id });
    return [];
  }

  return {
    insert: ({ at }, key) => void insertKey.run({ ...key, at }),

    revokeAll({ at }, agentId) {
      const ids = revokeAll.all(at, agentId);
      return ids.map((credential_id) => ({ identity_id: agentId, credential_id }));
    },

    calls: {
      async createAgentKey({ replaces, overlap_s, by, ...key }) {
        return write((tx) => {
          const { agent_id, key_id } = key;
          if (!agentExists.get(agent_id)) throw noSuchAgent();
          checkExpiry(key, tx.at);
          const ended =
            replaces === undefined ? [] : retire(tx, { agent_id, key_id: replaces, overlap_s, by });
          checkKeyCount(Number(countActive.get(agent_id, tx.at)));
          insertKey.run({ ...key, at: tx.at });
          audit.write(tx, by, { action: 'key.create', target: key_id });
          return { key: read(agent_id, key_id), ended };
        });
      },

      async listAgentKeys({ agent_id, limit, cursor }) {
        if (!agentExists.get(agent_id)) throw noSuchAgent();
        const from = keysBefore(cursor);
        const keys = page.all(agent_id, from.created_at, from.key_id, limit + 1);
        return toKeyPage(keys, limit);
      },

      async revokeAgentKey(revocation) {
        return write((tx) => ({ ended: revokeOne(tx, revocation) }));
      },

      async findAgentKey({ key_id }) {
        const at = now();
        const found = findValid.get(key_id, at.toISOString());
        if (!found) return { key: null };
        const { last_used_at, ...key } = found;
        if (isUseDue(last_used_at, at)) {
          await write((tx) => noteUse.run(tx.at, key_id));
        }
        return { key };
      },
    },
  };
}
