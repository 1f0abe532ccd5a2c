import type { ListedPerson } from '@agent-messenger/contracts';
import { afterOf } from '../cursors';
import { cutPage } from '../pages';
import type { Store } from '../store';
import { noSuchAgent } from '../no-such-agent';
import type { AuditLog } from './audit';
import { noSuchUser } from '../no-such-user';
import type { Sqlite } from './sqlite';

type AgentPeople = Pick<Store, 'listAgentPeople' | 'addAgentPerson' | 'removeAgentPerson'>;

/** The lists of who may talk to an agent. They are kept, without effect, while it is there for everyone. */
export function createAgentPeople({ db, write }: Sqlite, audit: AuditLog): AgentPeople {
  const agentExists = db.prepare<[string]>(
    'SELECT 1 FROM agents WHERE id = ? AND deleted_at IS NULL',
  );
  const userExists = db.prepare<[string]>('SELECT 1 FROM users WHERE id = ?');
  const page = db.prepare<[string, string, number], ListedPerson>(
    `SELECT p.user_id AS id, i.name AS username, p.added_at
     FROM agent_people p JOIN identities i ON i.id = p.user_id
     WHERE p.agent_id = ? AND p.user_id > ? ORDER BY p.user_id LIMIT ?`,
  );
  const add = db.prepare(
    'INSERT INTO agent_people (agent_id, user_id, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const remove = db.prepare('DELETE FROM agent_people WHERE agent_id = ? AND user_id = ?');

  return {
    async listAgentPeople({ agent_id, limit, cursor }) {
      if (!agentExists.get(agent_id)) throw noSuchAgent();
      const after = afterOf(cursor);
      const people = page.all(agent_id, after, limit + 1);
      const { taken, next_cursor } = cutPage(people, limit, (last) => ({ after: last.id }));
      return { people: taken, next_cursor };
    },

    async addAgentPerson({ agent_id, user_id, by }) {
      return write((tx) => {
        if (!agentExists.get(agent_id)) throw noSuchAgent();
        if (!userExists.get(user_id)) throw noSuchUser();
        const isNew = add.run(agent_id, user_id, tx.at).changes > 0;
        if (isNew) audit.write(tx, by, { action: 'agent.update', target: agent_id });
        return {};
      });
    },

    async removeAgentPerson({ agent_id, user_id, by }) {
      return write((tx) => {
        if (!agentExists.get(agent_id)) throw noSuchAgent();
        const wasListed = remove.run(agent_id, user_id).changes > 0;
        if (wasListed) audit.write(tx, by, { action: 'agent.update', target: agent_id });
        return {};
      });
    },
  };
}
