import { defineCommand } from '../command';
import { findUser } from './find-user';

export const sessions = defineCommand({
  usage: '<username|user-id> [--end]',
  summary:
    'Lists the sessions of a person; with --end ends all of them, and the connections that came with them.',
  takes: 1,
  options: { end: { type: 'boolean', default: false } },
  async run({ args: [named = ''], values }, context) {
    const { id: user_id, username } = await findUser(context, named);
    const params = { user_id };
    if (values.end) {
      await context.request('endSessions', { params });
      return context.print({ ended: user_id }, [`ended all sessions of ${username}`]);
    }
    const listed = context.pages(async (cursor) => {
      const { sessions: items, next_cursor } = await context.request('listSessions', {
        params,
        query: { limit: '200', ...(cursor !== undefined && { cursor }) },
      });
      return { items, next_cursor };
    });
    for await (const { id, created_at, last_used_at, expires_at } of listed) {
      context.print({ id, created_at, last_used_at, expires_at }, [
        `${id}  since ${created_at}, last used ${last_used_at}, until ${expires_at}`,
      ]);
    }
  },
});
