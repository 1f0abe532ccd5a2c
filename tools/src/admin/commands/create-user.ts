import { defineCommand } from '../command';

export const createUser = defineCommand({
  usage: '<username>',
  summary: 'Registers a person, also when registration is closed; asks for the password.',
  takes: 1,
  options: {},
  async run({ args: [username = ''] }, context) {
    const password = await context.askSecret(`Password of ${username}: `);
    const created = await context.request('createUser', { body: { username, password } });
    context.print(created, [`user  ${created.user_id}`]);
  },
});
