import { defineCommand } from '../command';

export const listAgents = defineCommand({
  usage: '[--keys]',
  summary: 'Lists agents, with --keys also their keys.',
  takes: 0,
  options: { keys: { type: 'boolean', default: false } },
  async run({ values }, around) {
    const agents = around.pages(async (cursor) => {
      const page = await around.request('adminListAgents', {
        query: { limit: '200', ...(cursor !== undefined && { cursor }) },
      });
      return { items: page.agents, next_cursor: page.next_cursor };
    });
    for await (const agent of agents) {
      const keys = values.keys ? await keysOf(agent.id) : undefined;
      around.print({ ...agent, ...(keys && { keys }) }, [
        `${agent.id}  ${agent.status.padEnd(7)}  ${agent.name}`,
        ...(keys ?? []).map(
          (key) =>
            `  ${key.key_id}  ${stateOf(key)}  ${key.name}, last used ${key.last_used_at ?? 'never'}`,
        ),
      ]);
    }

    async function keysOf(agent_id: string) {
      const { keys } = await around.request('listAgentKeys', {
        params: { agent_id },
        query: { limit: '200' },
      });
      return keys;
    }
  },
});

function stateOf(key: { revoked_at: string | null; expires_at: string | null }): string {
  if (key.revoked_at !== null) return `revoked ${key.revoked_at}`;
  return key.expires_at === null ? 'valid' : `until ${key.expires_at}`;
}
