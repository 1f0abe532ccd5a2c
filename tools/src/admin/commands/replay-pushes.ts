import { defineCommand } from '../command';

export const replayPushes = defineCommand({
  usage: '[ID …]',
  summary: 'Tries pushes again that were given up: those named, else all.',
  takes: [0, 100],
  options: {},
  async run({ args: ids }, around) {
    const answer = await around.request('replayDeadPushes', {
      body: ids.length > 0 ? { ids } : {},
    });
    around.print(answer, [`${answer.replayed} pushes are tried again`]);
  },
});
