import { AdminError } from '../admin-error';
import { defineCommand } from '../command';

export const deleteAgent = defineCommand({
  usage: '<agent-id> --yes',
  summary:
    'Revokes all keys of an agent and ends its connection; its conversations remain readable.',
  takes: 1,
  options: { yes: { type: 'boolean', default: false } },
  async run({ args: [agent_id = ''], values }, context) {
    const { id, name } = await context.request('adminGetAgent', { params: { agent_id } });
    if (!values.yes) {
      throw new AdminError(`this deletes the agent ${name} (${id}) for good; repeat with --yes`);
    }
    await context.request('deleteAgent', { params: { agent_id } });
    context.print({ deleted: id }, [`deleted ${name} (${id})`]);
  },
});
