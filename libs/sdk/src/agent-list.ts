import type { Agent as AgentProfile } from '@agent-messenger/contracts';
import { contract } from './contract/contract';
import type { Rest } from './rest';

/** All agents that a person may talk to. */
export async function listAgents(rest: Rest): Promise<AgentProfile[]> {
  const agents: AgentProfile[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: contract.limits.pageMax };
    if (cursor !== null) query.cursor = cursor;
    const page = await rest.request('listAgents', { query });
    agents.push(...page.agents);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return agents;
}
