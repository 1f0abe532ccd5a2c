import type { User } from '@agent-messenger/contracts';
import { defineCommand } from '../command';

export const listUsers = defineCommand({
  usage: '',
  summary: 'Lists people, with what they have.',
  takes: 0,
  options: {},
  async run(_, context) {
    const users = context.pages(async (cursor) => {
      const { users: items, next_cursor } = await context.request('listUsers', {
        query: { limit: '200', ...(cursor !== undefined && { cursor }) },
      });
      return { items, next_cursor };
    });
    for await (const user of users) context.print(user, [describe(user)]);
  },
});

function describe(user: User): string {
  const { id, username, disabled_at, last_connected_at, sessions, devices, conversations } = user;
  const state = disabled_at === null ? 'enabled ' : 'disabled';
  const counts = `${sessions} sessions, ${devices} devices, ${conversations} conversations`;
  return `${id}  ${state}  ${username}  ${counts}, last connected ${last_connected_at ?? 'never'}`;
}
