import type { AgentKey } from '@agent-messenger/contracts';
import type { AdminContext } from '../admin-context';

/** All API keys of an agent, newest first. */
export async function keysOf(context: AdminContext, agent_id: string): Promise<AgentKey[]> {
  const keys: AgentKey[] = [];
  const pages = context.pages(async (cursor) => {
    const page = await context.request('listAgentKeys', {
      params: { agent_id },
      query: { limit: '200', ...(cursor !== undefined && { cursor }) },
    });
    return { items: page.keys, next_cursor: page.next_cursor };
  });
  for await (const key of pages) keys.push(key);
  return keys;
}
