import { cutPage } from '../../pages';
import type { StoredAgent } from '@agent-messenger/contracts';
import { uuidv7 } from 'uuidv7';
import { afterOf } from '../../cursors';
import { noSuchAgent } from '../../no-such-agent';
import type { Store } from '../../store';
import type { AuditLog } from '../audit';
import { REV, type Tx } from '../driver/transactions';
import { isFor } from '../log/access';
import type { Postgres } from '../postgres';
import type { AgentKeys } from './agent-keys';

type Agents = Pick<
  Store,
  'createAgent' | 'listAgents' | 'getAgent' | 'updateAgent' | 'deleteAgent'
>;

const SELECT = `SELECT i.id, i.name, a.description, a.model, i.created_at, a.access
  FROM agents a JOIN identities i ON i.n = a.n`;
const BY_ID = `${SELECT} WHERE a.id = $1 AND a.deleted_at IS NULL`;
const BY_ID_FOR = `${BY_ID} AND ${isFor('$2')}`;
const PAGE = `${SELECT} WHERE a.id > $1 AND a.deleted_at IS NULL ORDER BY a.id LIMIT $2`;
// Of each kind the first ones, from its index.
const PAGE_FOR = `${SELECT} WHERE a.id IN (
    (SELECT id FROM agents WHERE access = 'everyone' AND deleted_at IS NULL AND id > $1 ORDER BY id LIMIT $2)
    UNION
    (SELECT o.id FROM agent_people p JOIN agents o ON o.id = p.agent_id
     WHERE p.user_id = $3 AND o.deleted_at IS NULL AND p.agent_id > $1 ORDER BY p.agent_id LIMIT $2))
  ORDER BY a.id LIMIT $2`;
const INSERT = `WITH identity AS (
    INSERT INTO identities (id, kind, name, created_at) VALUES ($1, 'agent', $2, $3) RETURNING n, id)
  INSERT INTO agents (n, id, description, model, access) SELECT n, id, $4, $5, $6 FROM identity`;
const LOCK = 'SELECT 1 FROM identities WHERE id = $1 FOR NO KEY UPDATE';

export function createAgents(
  { read, write }: Postgres,
  { audit, keys }: { audit: AuditLog; keys: AgentKeys },
): Agents {
  async function find(tx: Tx, id: string): Promise<StoredAgent> {
    const agent = await tx.get<StoredAgent>(BY_ID, [id]);
    if (!agent) throw noSuchAgent();
    return agent;
  }

  function findLocked(tx: Tx, id: string): Promise<StoredAgent> {
    tx.later(LOCK, [id]);
    return find(tx, id);
  }

  return {
    async createAgent({ name, key_id, key_hash, by, ...wanted }) {
      const { description = null, model = null, access = 'everyone' } = wanted;
      return write(async (tx) => {
        const id = `agt_${uuidv7()}` as const;
        tx.later(INSERT, [id, name, tx.at, description, model, access]);
        keys.insert(tx, { key_id, key_hash, agent_id: id, name: 'key', expires_at: null });
        audit.write(tx, by, { action: 'agent.create', target: id });
        return { id, name, description, model, created_at: tx.at, access };
      });
    },

    async listAgents({ user_id, limit, cursor }) {
      const after = afterOf(cursor);
      const agents = await read((tx) =>
        user_id === undefined
          ? tx.all<StoredAgent>(PAGE, [after, limit + 1])
          : tx.all<StoredAgent>(PAGE_FOR, [after, limit + 1, user_id]),
      );
      const { taken, next_cursor } = cutPage(agents, limit, (last) => ({ after: last.id }));
      return { agents: taken, next_cursor };
    },

    async getAgent({ agent_id, user_id }) {
      return read(async (tx) => {
        if (user_id === undefined) return find(tx, agent_id);
        const agent = await tx.get<StoredAgent>(BY_ID_FOR, [agent_id, user_id]);
        if (!agent) throw noSuchAgent();
        return agent;
      });
    },

    async updateAgent({ agent_id, by, ...wanted }) {
      return write(async (tx) => {
        const now = await findLocked(tx, agent_id);
        const { name = now.name, description = now.description, model = now.model } = wanted;
        const { access = now.access } = wanted;
        tx.later(`UPDATE identities SET name = $2, rev = ${REV} WHERE id = $1`, [agent_id, name]);
        tx.later('UPDATE agents SET description = $2, model = $3, access = $4 WHERE id = $1', [
          agent_id,
          description,
          model,
          access,
        ]);
        audit.write(tx, by, { action: 'agent.update', target: agent_id });
        return find(tx, agent_id);
      });
    },

    async deleteAgent({ agent_id, by }) {
      return write(async (tx) => {
        await findLocked(tx, agent_id);
        tx.later('UPDATE agents SET deleted_at = $2 WHERE id = $1', [agent_id, tx.at]);
        tx.later(`UPDATE identities SET rev = ${REV} WHERE id = $1`, [agent_id]);
        audit.write(tx, by, { action: 'agent.delete', target: agent_id });
        return { ended: await keys.revokeAll(tx, agent_id) };
      });
    },
  };
}
