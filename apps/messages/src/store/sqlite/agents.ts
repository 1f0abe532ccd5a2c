import { cutPage } from '../pages';
import type { StoredAgent } from '@agent-messenger/contracts';
import { uuidv7 } from 'uuidv7';
import { afterOf } from '../cursors';
import { noSuchAgent } from '../no-such-agent';
import type { Store } from '../store';
import { isFor } from './access';
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
  const select = `SELECT i.id, i.name, a.description, a.model, i.created_at, a.access
    FROM agents a JOIN identities i ON i.n = a.n`;
  const byId = db.prepare<[string], StoredAgent>(
    `${select} WHERE a.id = ? AND a.deleted_at IS NULL`,
  );
  const page = db.prepare<[string, number], StoredAgent>(
    `${select} WHERE a.id > ? AND a.deleted_at IS NULL ORDER BY a.id LIMIT ?`,
  );
  const byIdFor = db.prepare<[string, string], StoredAgent>(
    `${select} WHERE a.id = ? AND a.deleted_at IS NULL AND ${isFor('?')}`,
  );
  // Of each kind the first ones, from its index.
  const pageFor = db.prepare<{ user: string; after: string; limit: number }, StoredAgent>(
    `${select} WHERE a.id IN (
       SELECT id FROM (SELECT id FROM agents
         WHERE access = 'everyone' AND deleted_at IS NULL AND id > @after ORDER BY id LIMIT @limit)
       UNION
       SELECT id FROM (SELECT o.id FROM agent_people p JOIN agents o ON o.id = p.agent_id
         WHERE p.user_id = @user AND o.deleted_at IS NULL AND p.agent_id > @after ORDER BY p.agent_id LIMIT @limit))
     ORDER BY a.id LIMIT @limit`,
  );
  const insertIdentity = db.prepare(
    "INSERT INTO identities (id, kind, name, created_at) VALUES (?, 'agent', ?, ?)",
  );
  const insertAgent = db.prepare(
    'INSERT INTO agents (n, id, description, model, access) VALUES (?, ?, ?, ?, ?)',
  );
  const setName = db.prepare('UPDATE identities SET name = ? WHERE id = ?');
  const stamp = db.prepare('UPDATE identities SET rev = ? WHERE id = ?');
  const setDescription = db.prepare(
    'UPDATE agents SET description = ?, model = ?, access = ? WHERE id = ?',
  );
  const markDeleted = db.prepare('UPDATE agents SET deleted_at = ? WHERE id = ?');

  function read(id: string): StoredAgent {
    const agent = byId.get(id);
    if (!agent) throw noSuchAgent();
    return agent;
  }

  return {
    async createAgent({ name, key_id, key_hash, by, ...wanted }) {
      const { description = null, model = null, access = 'everyone' } = wanted;
      return write((tx) => {
        const id = `agt_${uuidv7()}`;
        const { lastInsertRowid: n } = insertIdentity.run(id, name, tx.at);
        insertAgent.run(n, id, description, model, access);
        keys.insert(tx, { key_id, key_hash, agent_id: id, name: 'key', expires_at: null });
        audit.write(tx, by, { action: 'agent.create', target: id });
        return { id, name, description, model, created_at: tx.at, access };
      });
    },

    async listAgents({ user_id, limit, cursor }) {
      const after = afterOf(cursor);
      const agents =
        user_id === undefined
          ? page.all(after, limit + 1)
          : pageFor.all({ user: user_id, after, limit: limit + 1 });
      const { taken, next_cursor } = cutPage(agents, limit, (last) => ({ after: last.id }));
      return { agents: taken, next_cursor };
    },

    async getAgent({ agent_id, user_id }) {
      if (user_id === undefined) return read(agent_id);
      const agent = byIdFor.get(agent_id, user_id);
      if (!agent) throw noSuchAgent();
      return agent;
    },

    async updateAgent({ agent_id, by, ...wanted }) {
      return write((tx) => {
        const now = read(agent_id);
        const { name = now.name, description = now.description, model = now.model } = wanted;
        const { access = now.access } = wanted;
        setName.run(name, agent_id);
        setDescription.run(description, model, access, agent_id);
        stamp.run(tx.rev, agent_id);
        audit.write(tx, by, { action: 'agent.update', target: agent_id });
        return read(agent_id);
      });
    },

    async deleteAgent({ agent_id, by }) {
      return write((tx) => {
        read(agent_id);
        markDeleted.run(tx.at, agent_id);
        stamp.run(tx.rev, agent_id);
        audit.write(tx, by, { action: 'agent.delete', target: agent_id });
        return { ended: keys.revokeAll(tx, agent_id) };
      });
    },
  };
}
