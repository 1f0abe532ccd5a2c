import type { StoredAgent } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { decodeCursor, encodeCursor, idCursorSchema } from '../cursors';
import type { Store } from '../store';
import type { Sqlite } from './sqlite';

type Agents = Pick<Store, 'createAgent' | 'findAgentKey' | 'listAgents' | 'getAgent'>;

export function createAgents({ db, write }: Sqlite): Agents {
  const select =
    'SELECT i.id, i.name, a.description, a.model, i.created_at FROM agents a JOIN identities i ON i.id = a.id';
  const byId = db.prepare<[string], StoredAgent>(`${select} WHERE a.id = ?`);
  const page = db.prepare<[string, number], StoredAgent>(
    `${select} WHERE a.id > ? ORDER BY a.id LIMIT ?`,
  );
  const insertIdentity = db.prepare(
    "INSERT INTO identities (id, kind, name, created_at) VALUES (?, 'agent', ?, ?)",
  );
  const insertAgent = db.prepare('INSERT INTO agents (id, description, model) VALUES (?, ?, ?)');
  const insertKey = db.prepare(
    'INSERT INTO agent_keys (key_id, agent_id, key_hash, created_at) VALUES (?, ?, ?, ?)',
  );
  const findKey = db.prepare<[string], { agent_id: string; key_hash: string }>(
    'SELECT agent_id, key_hash FROM agent_keys WHERE key_id = ? AND revoked_at IS NULL',
  );

  return {
    async createAgent({ name, description = null, model = null, key_id, key_hash }) {
      return write(({ at }) => {
        const id = `agt_${uuidv7()}`;
        insertIdentity.run(id, name, at);
        insertAgent.run(id, description, model);
        insertKey.run(key_id, id, key_hash, at);
        return { id, name, description, model, created_at: at };
      });
    },

    async findAgentKey({ key_id }) {
      return { key: findKey.get(key_id) ?? null };
    },

    async listAgents({ limit, cursor }) {
      const after = cursor === undefined ? '' : decodeCursor(idCursorSchema, cursor).after;
      const agents = page.all(after, limit + 1);
      const more = agents.length > limit;
      if (more) agents.pop();
      return {
        agents,
        next_cursor: more ? encodeCursor({ after: agents.at(-1)?.id }) : null,
      };
    },

    async getAgent({ agent_id }) {
      const agent = byId.get(agent_id);
      if (!agent) throw new AppError('not_found', 'No such agent.');
      return agent;
    },
  };
}
