import type { StoredAgent } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { decodeCursor, encodeCursor, idCursorSchema } from '../cursors';
import type { Store } from '../store';
import type { AgentKeys } from './agent-keys';
import type { AuditLog } from './audit';
import type { Sqlite } from './sqlite';

type Agents = Pick<
  Store,
  'createAgent' | 'listAgents' | 'getAgent' | 'updateAgent' | 'deleteAgent'
>;

export function createAgents(
  { db, write }: Sqlite,
  { audit, keys }: { audit: AuditLog; keys: AgentKeys },
): Agents {
  const select = `SELECT i.id, i.name, a.description, a.model, i.created_at
    FROM agents a JOIN identities i ON i.id = a.id`;
  const byId = db.prepare<[string], StoredAgent>(
    `${select} WHERE a.id = ? AND a.deleted_at IS NULL`,
  );
  const page = db.prepare<[string, number], StoredAgent>(
    `${select} WHERE a.id > ? AND a.deleted_at IS NULL ORDER BY a.id LIMIT ?`,
  );
  const insertIdentity = db.prepare(
    "INSERT INTO identities (id, kind, name, created_at) VALUES (?, 'agent', ?, ?)",
  );
  const insertAgent = db.prepare('INSERT INTO agents (id, description, model) VALUES (?, ?, ?)');
  const setName = db.prepare('UPDATE identities SET name = ? WHERE id = ?');
  const setDescription = db.prepare('UPDATE agents SET description = ?, model = ? WHERE id = ?');
  const markDeleted = db.prepare('UPDATE agents SET deleted_at = ? WHERE id = ?');

  function read(id: string): StoredAgent {
    const agent = byId.get(id);
    if (!agent) throw noSuchAgent();
    return agent;
  }

  return {
    async createAgent({ name, description = null, model = null, key_id, key_hash, by }) {
      return write((tx) => {
        const id = `agt_${uuidv7()}`;
        insertIdentity.run(id, name, tx.at);
        insertAgent.run(id, description, model);
        keys.insert(tx, { key_id, key_hash, agent_id: id, name: 'key', expires_at: null });
        audit.write(tx, by, { action: 'agent.create', target: id });
        return { id, name, description, model, created_at: tx.at };
      });
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
      return read(agent_id);
    },

    async updateAgent({ agent_id, by, ...wanted }) {
      return write((tx) => {
        const now = read(agent_id);
        const { name = now.name, description = now.description, model = now.model } = wanted;
        setName.run(name, agent_id);
        setDescription.run(description, model, agent_id);
        audit.write(tx, by, { action: 'agent.update', target: agent_id });
        return read(agent_id);
      });
    },

    async deleteAgent({ agent_id, by }) {
      return write((tx) => {
        read(agent_id);
        markDeleted.run(tx.at, agent_id);
        audit.write(tx, by, { action: 'agent.delete', target: agent_id });
        return { ended: keys.revokeAll(tx, agent_id) };
      });
    },
  };
}

export function noSuchAgent(): AppError {
  return new AppError('not_found', 'No such agent.');
}
