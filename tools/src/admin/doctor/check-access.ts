import { MessengerError } from '@agent-messenger/sdk/rest';
import { AdminError } from '../admin-error';
import type { AdminContext } from '../admin-context';
import type { Finding } from './check';
import { ok, warn } from './check';

const ADVICE =
  'REGISTRATION_OPEN=false and create-user; or update-agent AGENT --access listed and allow-user: see docs/operations.md';

/** Who could talk to the agents: anybody, when registration is open while they are there for everyone. */
export async function checkAccess(
  context: Pick<AdminContext, 'request' | 'pages'>,
  registration: 'open' | 'closed' | undefined,
): Promise<Finding[]> {
  if (registration === undefined) return [];
  if (registration === 'closed') return [ok('registration', 'closed')];
  try {
    let count = 0;
    for await (const { access } of agentsOf(context)) if (access === 'everyone') count += 1;
    if (count === 0) return [ok('registration', 'open, and no agent is there for everyone')];
    const agents = count === 1 ? '1 agent is' : `${count} agents are`;
    return [warn('registration', `open, and ${agents} there for everyone`, ADVICE)];
  } catch (error) {
    if (!(error instanceof AdminError || error instanceof MessengerError)) throw error;
    const found = 'open; whom the agents are there for is not known without the admin key';
    return [warn('registration', found, ADVICE)];
  }
}

function agentsOf(context: Pick<AdminContext, 'request' | 'pages'>) {
  return context.pages(async (cursor) => {
    const { agents, next_cursor } = await context.request('adminListAgents', {
      query: { limit: '200', ...(cursor !== undefined && { cursor }) },
    });
    return { items: agents, next_cursor };
  });
}
