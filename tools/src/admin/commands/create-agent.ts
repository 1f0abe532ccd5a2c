import { defineCommand } from '../command';

export const createAgent = defineCommand({
  usage: '<name> [--description TEXT] [--model TEXT]',
  summary: 'Creates an agent and prints its API key, which is shown this once.',
  takes: 1,
  options: { description: { type: 'string' }, model: { type: 'string' } },
  async run({ args: [name = ''], values }, context) {
    const created = await context.request('createAgent', { body: { name, ...values } });
    context.print(created, [
      `agent    ${created.agent.id}`,
      `key id   ${created.key_id}`,
      `API key  ${created.api_key}`,
    ]);
  },
});
