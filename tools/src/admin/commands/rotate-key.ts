import { UsageError } from '../../command-line';
import { defineCommand } from '../command';

export const rotateKey = defineCommand({
  usage: '<agent-id> [--replaces KEY-ID] [--overlap SECONDS] [--name TEXT]',
  summary:
    'Makes a new API key for an agent; the one that it replaces goes on for the overlap (default an hour), or with 0 ends at once.',
  takes: 1,
  options: {
    replaces: { type: 'string' },
    overlap: { type: 'string' },
    name: { type: 'string' },
  },
  async run({ args: [agent_id = ''], values: { replaces, overlap, name } }, around) {
    if (overlap !== undefined && !/^\d{1,8}$/.test(overlap)) {
      throw new UsageError(`--overlap takes seconds, not "${overlap}"`);
    }
    const created = await around.request('createAgentKey', {
      params: { agent_id },
      body: {
        ...(replaces !== undefined && { replaces }),
        ...(overlap !== undefined && { overlap_s: Number(overlap) }),
        ...(name !== undefined && { name }),
      },
    });
    around.print(created, [`key id   ${created.key_id}`, `API key  ${created.api_key}`]);
  },
});
