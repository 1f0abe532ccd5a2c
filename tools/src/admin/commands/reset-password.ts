import { defineCommand } from '../command';
import { findUser } from './find-user';

export const resetPassword = defineCommand({
  usage: '<username|user-id>',
  summary: 'Sets a new password, which it asks for, and ends all sessions of the person.',
  takes: 1,
  options: {},
  async run({ args: [named = ''] }, around) {
    const user = await findUser(around, named);
    const password = await around.askSecret(`New password of ${user.username}: `);
    const changed = await around.request('updateUser', {
      params: { user_id: user.id },
      body: { password },
    });
    around.print(changed, [`${user.username} has a new password; all its sessions have ended`]);
  },
});
