import { defineCommand } from '../command';

export const createKey = defineCommand({
  usage: '<agent-id> [--name TEXT]',
  summary:
    'Makes another API key for an agent beside those that it has, and prints it; it is shown this once.',
  takes: 1,
  options: { name: { type: 'string' } },
  async run({ args: [agent_id = ''], values: { name } }, context) {
    const created = await context.request('createAgentKey', {
      params: { agent_id },
      body: name === undefined ? {} : { name },
    });
    context.print(created, [`key id   ${created.key_id}`, `API key  ${created.api_key}`]);
  },
});
