import type { Agent, StoredAgent } from '@agent-messenger/contracts';
import type { PresenceService } from './presence';

type Present = Pick<Agent, 'status' | 'last_seen'>;

/** Agents as the store knows them, with who of them is online. */
export async function withPresence<T extends { id: string }>(
  agents: T[],
  presence: PresenceService,
): Promise<(T & Present)[]> {
  // REST answers while Redis is away; whether somebody is online is then not known, and nobody gets through either.
  const known = await presence.of(agents.map(({ id }) => id)).catch(() => []);
  return agents.map((agent, index) => {
    const { status = 'offline' as const, last_seen = null } = known[index] ?? {};
    return { ...agent, status, last_seen };
  });
}

export async function agentWithPresence<T extends { id: string }>(
  agent: T,
  presence: PresenceService,
): Promise<T & Present> {
  const [answer] = await withPresence([agent], presence);
  if (!answer) throw new TypeError('presence of one agent is one');
  return answer;
}

/** What people see of an agent: whom else it is for is not their concern. */
export function shownToPeople({
  id,
  name,
  description,
  model,
  created_at,
}: StoredAgent): Omit<StoredAgent, 'access'> {
  return { id, name, description, model, created_at };
}
