import { defineCommand } from '../command';
import { findUser } from './find-user';

export const resetPassword = defineCommand({
  usage: '<username|user-id>',
  summary: 'Sets a new password, which it asks for, and ends all sessions of the person.',
  takes: 1,
  options: {},
  async run({ args: [named = ''] }, context) {
    const user = await findUser(context, named);
    const password = await context.askSecret(`New password of ${user.username}: `);
    const changed = await context.request('updateUser', {
      params: { user_id: user.id },
      body: { password },
    });
    context.print(changed, [`${user.username} has a new password; all its sessions have ended`]);
  },
});
