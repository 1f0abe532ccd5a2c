import type { AgentKey } from '@agent-messenger/contracts';
import { defineCommand } from '../command';
import { keysOf } from './keys-of';

export const listAgents = defineCommand({
  usage: '[--keys]',
  summary: 'Lists agents, with --keys also their keys.',
  takes: 0,
  options: { keys: { type: 'boolean', default: false } },
  async run({ values }, context) {
    const agents = context.pages(async (cursor) => {
      const page = await context.request('adminListAgents', {
        query: { limit: '200', ...(cursor !== undefined && { cursor }) },
      });
      return { items: page.agents, next_cursor: page.next_cursor };
    });
    for await (const agent of agents) {
      const keys = values.keys ? await keysOf(context, agent.id) : undefined;
      context.print({ ...agent, ...(keys && { keys }) }, [
        `${agent.id}  ${agent.status.padEnd(7)}  ${agent.name}`,
        ...(keys ?? []).map(
          (key) =>
            `  ${key.key_id}  ${stateOf(key)}  ${key.name}, last used ${key.last_used_at ?? 'never'}`,
        ),
      ]);
    }
  },
});

function stateOf({ revoked_at, expires_at }: AgentKey): string {
  if (revoked_at !== null) return `revoked ${revoked_at}`;
  return expires_at === null ? 'valid' : `until ${expires_at}`;
}
