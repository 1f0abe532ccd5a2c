import type { Agent, StoredAgent } from '@agent-messenger/contracts';
import type { PresenceService } from './presence';

/** Agents as the store knows them, with who of them is online. */
export async function withPresence(
  agents: StoredAgent[],
  presence: PresenceService,
): Promise<Agent[]> {
  // REST answers while Redis is away; whether somebody is online is then not known, and nobody gets through either.
  const known = await presence.of(agents.map(({ id }) => id)).catch(() => []);
  return agents.map((agent, index) => {
    const { status = 'offline' as const, last_seen = null } = known[index] ?? {};
    return { ...agent, status, last_seen };
  });
}

export async function agentWithPresence(
  agent: StoredAgent,
  presence: PresenceService,
): Promise<Agent> {
  const [answer] = await withPresence([agent], presence);
  if (!answer) throw new TypeError('presence of one agent is one');
  return answer;
}
