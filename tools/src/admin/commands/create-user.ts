import { defineCommand } from '../command';

export const createUser = defineCommand({
  usage: '<username>',
  summary: 'Registers a person, also when registration is closed; asks for the password.',
  takes: 1,
  options: {},
  async run({ args: [username = ''] }, around) {
    const password = await around.askSecret(`Password of ${username}: `);
    const created = await around.request('createUser', { body: { username, password } });
    around.print(created, [`user  ${created.user_id}`]);
  },
});
