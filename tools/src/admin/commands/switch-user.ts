import { defineCommand, type Command } from '../command';
import { findUser } from './find-user';

export const disableUser = switchUser({
  disabled: true,
  summary:
    'Keeps a person from logging in and ends all its sessions; enable-user lets it in again.',
});

export const enableUser = switchUser({
  disabled: false,
  summary: 'Lets a person that was disabled log in again.',
});

function switchUser({ disabled, summary }: { disabled: boolean; summary: string }): Command {
  return defineCommand({
    usage: '<username|user-id>',
    summary,
    takes: 1,
    options: {},
    async run({ args: [named = ''] }, context) {
      const { id: user_id } = await findUser(context, named);
      const user = await context.request('updateUser', { params: { user_id }, body: { disabled } });
      context.print(user, [`${disabled ? 'disabled' : 'enabled'} ${user.username} (${user.id})`]);
    },
  });
}
