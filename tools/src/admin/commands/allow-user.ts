import { defineCommand } from '../command';
import { findUser } from './find-user';

export const allowUser = defineCommand({
  usage: '<agent-id> <username|user-id>',
  summary: 'Lets a person talk to an agent whose access is `listed`.',
  takes: 2,
  options: {},
  async run({ args: [agent_id = '', named = ''] }, context) {
    const { id: user_id, username } = await findUser(context, named);
    await context.request('addAgentPerson', { params: { agent_id, user_id } });
    context.print({ agent_id, user_id }, [`${username} (${user_id}) may talk to ${agent_id}`]);
  },
});
