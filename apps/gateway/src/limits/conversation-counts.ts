import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { upToEntries } from '@agent-messenger/service-kit';
import { LRUCache } from 'lru-cache';

/** Agents that are remembered. */
const MOST = 20_000;
/** The store counts 10,000 conversations in 10 ms. */
const REFRESH_MS = 60_000;

/**
 * How many conversations agents have, as far as it is known: their budgets grow with it. Nothing waits for the store:
 * until it has answered, the last known number counts, or 0.
 */
export class ConversationCounts {
  private readonly known = new LRUCache<string, number>(upToEntries(MOST));
  private readonly asked = new LRUCache<string, true>({ ...upToEntries(MOST), ttl: REFRESH_MS });

  constructor(
    private readonly messages: Pick<Client<typeof messagesCalls>, 'countConversations'>,
    private readonly log: Logger,
  ) {}

  of(agentId: string): number {
    if (!this.asked.has(agentId)) {
      this.asked.set(agentId, true);
      void this.ask(agentId);
    }
    return this.known.get(agentId) ?? 0;
  }

  private async ask(agentId: string): Promise<void> {
    try {
      const { conversations } = await this.messages.countConversations({ identity_id: agentId });
      this.known.set(agentId, conversations);
    } catch (error) {
      this.log.info({ reason: String(error) }, 'the number of conversations is not known');
    }
  }
}
