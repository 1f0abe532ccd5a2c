import { agentAccessSchema, type AgentAccess } from '@agent-messenger/contracts';
import { UsageError } from '../../command-line';
import { defineCommand } from '../command';

const described: Record<AgentAccess, string> = {
  everyone: 'everyone',
  listed: 'those on its list: see allow-user',
};

function accessOf(text: string): AgentAccess {
  const access = agentAccessSchema.safeParse(text);
  if (!access.success) throw new UsageError('--access is everyone or listed');
  return access.data;
}

export const updateAgent = defineCommand({
  usage: '<agent-id> [--name TEXT] [--description TEXT] [--model TEXT] [--access everyone|listed]',
  summary:
    'Changes what people see of an agent, and whether it is there for everyone or for those on its list.',
  takes: 1,
  options: {
    name: { type: 'string' },
    description: { type: 'string' },
    model: { type: 'string' },
    access: { type: 'string' },
  },
  async run({ args: [agent_id = ''], values: { name, description, model, access } }, context) {
    const body = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(model !== undefined && { model }),
      ...(access !== undefined && { access: accessOf(access) }),
    };
    if (Object.keys(body).length === 0) {
      throw new UsageError('say what to change: --name, --description, --model or --access');
    }
    const agent = await context.request('updateAgent', { params: { agent_id }, body });
    context.print(agent, [`changed ${agent.id}  ${agent.name}, for ${described[agent.access]}`]);
  },
});
