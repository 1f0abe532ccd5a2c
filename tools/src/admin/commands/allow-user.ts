import { defineCommand } from '../command';
import { findUser } from './find-user';

export const allowUser = defineCommand({
  usage: '<agent-id> <username|user-id>',
  summary: 'Lets a person talk to an agent whose access is `listed`.',
  takes: 2,
  options: {},
  async run({ args: [agent_id = '', named = ''] }, around) {
    const { id: user_id, username } = await findUser(around, named);
    await around.request('addAgentPerson', { params: { agent_id, user_id } });
    around.print({ agent_id, user_id }, [`${username} (${user_id}) may talk to ${agent_id}`]);
  },
});
