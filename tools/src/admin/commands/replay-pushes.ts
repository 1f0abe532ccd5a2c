import { defineCommand } from '../command';

export const replayPushes = defineCommand({
  usage: '[ID …]',
  summary: 'Tries pushes again that were given up: those named, else all.',
  takes: [0, 100],
  options: {},
  async run({ args: ids }, context) {
    const answer = await context.request('replayDeadPushes', {
      body: ids.length > 0 ? { ids } : {},
    });
    context.print(answer, [`${answer.replayed} pushes are tried again`]);
  },
});
