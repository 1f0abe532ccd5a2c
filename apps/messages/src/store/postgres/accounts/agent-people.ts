import type { ListedPerson } from '@agent-messenger/contracts';
import { afterOf } from '../../cursors';
import { noSuchAgent } from '../../no-such-agent';
import { noSuchUser } from '../../no-such-user';
import { cutPage } from '../../pages';
import type { Store } from '../../store';
import type { AuditLog } from '../audit';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

type AgentPeople = Pick<Store, 'listAgentPeople' | 'addAgentPerson' | 'removeAgentPerson'>;

const AGENT = 'SELECT 1 FROM agents WHERE id = $1 AND deleted_at IS NULL';
/** Whose account is not removed before it is on the list. */
const USER = 'SELECT 1 FROM users WHERE id = $1 FOR KEY SHARE';
const PAGE = `SELECT p.user_id AS id, i.name AS username, p.added_at
  FROM agent_people p JOIN identities i ON i.id = p.user_id
  WHERE p.agent_id = $1 AND p.user_id > $2 ORDER BY p.user_id LIMIT $3`;
const ADD =
  'INSERT INTO agent_people (agent_id, user_id, added_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
const REMOVE = 'DELETE FROM agent_people WHERE agent_id = $1 AND user_id = $2';

/** The lists of who may talk to an agent. They are kept, without effect, while it is there for everyone. */
export function createAgentPeople({ read, write }: Postgres, audit: AuditLog): AgentPeople {
  async function checkAgent(tx: Tx, agentId: string): Promise<void> {
    if (!(await tx.get(AGENT, [agentId]))) throw noSuchAgent();
  }

  return {
    async listAgentPeople({ agent_id, limit, cursor }) {
      const after = afterOf(cursor);
      return read(async (tx) => {
        await checkAgent(tx, agent_id);
        const people = await tx.all<ListedPerson>(PAGE, [agent_id, after, limit + 1]);
        const { taken, next_cursor } = cutPage(people, limit, (last) => ({ after: last.id }));
        return { people: taken, next_cursor };
      });
    },

    async addAgentPerson({ agent_id, user_id, by }) {
      return write(async (tx) => {
        await checkAgent(tx, agent_id);
        if (!(await tx.get(USER, [user_id]))) throw noSuchUser();
        const added = await tx.run(ADD, [agent_id, user_id, tx.at]);
        if (added > 0) audit.write(tx, by, { action: 'agent.update', target: agent_id });
        return {};
      });
    },

    async removeAgentPerson({ agent_id, user_id, by }) {
      return write(async (tx) => {
        await checkAgent(tx, agent_id);
        const removed = await tx.run(REMOVE, [agent_id, user_id]);
        if (removed > 0) audit.write(tx, by, { action: 'agent.update', target: agent_id });
        return {};
      });
    },
  };
}
