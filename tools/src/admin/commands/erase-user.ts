import { AdminError } from '../admin-error';
import { defineCommand } from '../command';
import { findUser } from './find-user';

export const eraseUser = defineCommand({
  usage: '<username|user-id> --yes',
  summary: 'Erases a person with all conversations, for good; backups still have it.',
  takes: 1,
  options: { yes: { type: 'boolean', default: false } },
  async run({ args: [named = ''], values }, context) {
    const user = await findUser(context, named);
    if (!values.yes) {
      throw new AdminError(
        `this erases ${user.username} (${user.id}) and ${user.conversations} conversations; repeat with --yes`,
      );
    }
    await context.request('eraseUser', { params: { user_id: user.id } });
    context.print({ erased: user.id }, [`erased ${user.id}`]);
  },
});
