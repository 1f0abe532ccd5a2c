import { LIMITS, type AgentKey, type Ended, type Origin } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../cursors';
import type { Store } from '../store';
import { noSuchAgent } from './agents';
import type { AuditLog } from './audit';
import type { Sqlite, Transaction } from './sqlite';

/** How exact `last_used_at` is: a commit for every use would cost agents that reconnect often. */
const USE_NOTED_EVERY_MS = 60_000;
const cursorSchema = z.object({ created_at: z.string(), key_id: z.string() });

type KeyCalls = Pick<Store, 'createAgentKey' | 'listAgentKeys' | 'revokeAgentKey' | 'findAgentKey'>;
interface NewKey {
  key_id: string;
  agent_id: string;
  key_hash: string;
  name: string;
  expires_at: string | null;
}
interface Revocation {
  agent_id: string;
  key_id: string;
  by: Origin;
}
interface FoundKey {
  agent_id: string;
  key_hash: string;
  expires_at: string | null;
  last_used_at: string | null;
}

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
    if (!key) throw new AppError('not_found', 'This agent has no such key.');
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
    const until = new Date(Date.parse(tx.at) + overlap_s * 1_000).toISOString();
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
          const { agent_id, key_id, expires_at } = key;
          if (!agentExists.get(agent_id)) throw noSuchAgent();
          if (expires_at !== null && expires_at <= tx.at) {
            throw new AppError('invalid_payload', 'expires_at is in the past.');
          }
          const ended =
            replaces === undefined ? [] : retire(tx, { agent_id, key_id: replaces, overlap_s, by });
          if (Number(countActive.get(agent_id, tx.at)) >= LIMITS.keysPerAgent) {
            throw new AppError('conflict', `An agent has at most ${LIMITS.keysPerAgent} keys.`);
          }
          insertKey.run({ ...key, at: tx.at });
          audit.write(tx, by, { action: 'key.create', target: key_id });
          return { key: read(agent_id, key_id), ended };
        });
      },

      async listAgentKeys({ agent_id, limit, cursor }) {
        if (!agentExists.get(agent_id)) throw noSuchAgent();
        const from =
          cursor === undefined
            ? { created_at: '9999', key_id: '' }
            : decodeCursor(cursorSchema, cursor);
        const keys = page.all(agent_id, from.created_at, from.key_id, limit + 1);
        const more = keys.length > limit;
        if (more) keys.pop();
        const last = keys.at(-1);
        return {
          keys,
          next_cursor:
            more && last
              ? encodeCursor({ created_at: last.created_at, key_id: last.key_id })
              : null,
        };
      },

      async revokeAgentKey(revocation) {
        return write((tx) => ({ ended: revokeOne(tx, revocation) }));
      },

      async findAgentKey({ key_id }) {
        const at = now();
        const found = findValid.get(key_id, at.toISOString());
        if (!found) return { key: null };
        const { last_used_at, ...key } = found;
        if (Date.parse(last_used_at ?? '1970') <= at.getTime() - USE_NOTED_EVERY_MS) {
          write((tx) => noteUse.run(tx.at, key_id));
        }
        return { key };
      },
    },
  };
}
