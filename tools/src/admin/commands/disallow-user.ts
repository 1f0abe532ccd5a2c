import { defineCommand } from '../command';
import { findUser } from './find-user';

export const disallowUser = defineCommand({
  usage: '<agent-id> <username|user-id>',
  summary:
    'Takes a person off the list of an agent; what they said to each other it can still read.',
  takes: 2,
  options: {},
  async run({ args: [agent_id = '', named = ''] }, context) {
    const { id: user_id, username } = await findUser(context, named);
    await context.request('removeAgentPerson', { params: { agent_id, user_id } });
    context.print({ agent_id, user_id }, [
      `${username} (${user_id}) is not on the list of ${agent_id}`,
    ]);
  },
});
