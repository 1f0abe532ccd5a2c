import { defineCommand } from '../command';

export const revokeKey = defineCommand({
  usage: '<agent-id> <key-id>',
  summary: 'Revokes an API key; a connection that came with it ends within a second.',
  takes: 2,
  options: {},
  async run({ args: [agent_id = '', key_id = ''] }, context) {
    await context.request('revokeAgentKey', { params: { agent_id, key_id } });
    context.print({ revoked: key_id }, [`revoked ${key_id}`]);
  },
});
