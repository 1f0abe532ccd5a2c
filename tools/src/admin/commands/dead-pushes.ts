import { defineCommand } from '../command';

export const deadPushes = defineCommand({
  usage: '',
  summary: 'Lists the pushes that were given up, newest first, with the reason.',
  takes: 0,
  options: {},
  async run(_, context) {
    const dead = context.pages(async (cursor) => {
      const { dead: items, next_cursor } = await context.request('listDeadPushes', {
        query: { limit: '200', ...(cursor !== undefined && { cursor }) },
      });
      return { items, next_cursor };
    });
    for await (const push of dead) {
      context.print(push, [`${push.id}  ${push.failed_at}  ${push.platform}  ${push.reason}`]);
    }
  },
});
