import type { AgentProfile, Client, ClientConversation } from '@agent-messenger/sdk';
import { ChatError } from './options';
import type { Terminal } from './terminal';

/** The agent of that name or id; without one the only agent, or the one that is chosen from the list. */
export async function chooseAgent(
  client: Client,
  wanted: string | undefined,
  terminal: Terminal | null,
): Promise<AgentProfile> {
  const agents = await client.agents();
  if (wanted !== undefined) return findAgent(agents, wanted);
  const [only] = agents;
  if (!only) throw new ChatError('there is no agent yet');
  if (agents.length === 1) return only;
  if (!terminal) throw new ChatError(`--agent is needed: ${names(agents)}`);
  agents.forEach(({ name, status, description }, index) =>
    terminal.print(`${index + 1}  ${name} (${status})${description ? `  ${description}` : ''}`),
  );
  const answer = (await terminal.ask('Talk to (number or name): ')) ?? '';
  return agents[Number(answer) - 1] ?? findAgent(agents, answer.trim());
}

function findAgent(agents: AgentProfile[], wanted: string): AgentProfile {
  const byId = agents.find(({ id }) => id === wanted);
  if (byId) return byId;
  const exact = agents.filter(({ name }) => name === wanted);
  const lower = wanted.toLowerCase();
  const alike = agents.filter(({ name }) => name.toLowerCase() === lower);
  const found = exact.length > 0 ? exact : alike;
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    throw new ChatError(`several agents are called "${wanted}", name one by its id: ${ids}`);
  }
  const [agent] = found;
  if (!agent) throw new ChatError(`no agent "${wanted}"; there are: ${names(agents)}`);
  return agent;
}

function names(agents: AgentProfile[]): string {
  return agents.map(({ name }) => name).join(', ') || 'none';
}

/** The conversation with the agent that was last active, else a new one. */
export async function chooseConversation(
  client: Client,
  agent: AgentProfile,
): Promise<ClientConversation> {
  const latest = client
    .conversations()
    .find(({ members }) => members.some(({ id }) => id === agent.id));
  return latest ? client.conversation(latest.id) : client.openConversation({ agent_id: agent.id });
}
