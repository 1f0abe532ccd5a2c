import { defineCommand } from '../command';

export const createAgent = defineCommand({
  usage: '<name> [--description TEXT] [--model TEXT]',
  summary: 'Creates an agent and prints its API key, which is shown this once.',
  takes: 1,
  options: { description: { type: 'string' }, model: { type: 'string' } },
  async run({ args: [name = ''], values }, around) {
    const created = await around.request('createAgent', { body: { name, ...values } });
    around.print(created, [
      `agent    ${created.agent.id}`,
      `key id   ${created.key_id}`,
      `API key  ${created.api_key}`,
    ]);
  },
});
