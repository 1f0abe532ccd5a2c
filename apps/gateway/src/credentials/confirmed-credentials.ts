import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { AppError, upToEntries } from '@agent-messenger/service-kit';
import { LRUCache } from 'lru-cache';
import type { Credentials } from './authenticate';

/** How long a credential counts as valid once the store has said so, on gateways that are not told of its end. */
const CONFIRMED_MS = 10_000;
const MOST = 50_000;

/**
 * Sessions and keys of REST callers: a token proves who it was issued to, only the store knows whether what it was
 * issued for has ended since.
 */
export class ConfirmedCredentials {
  private readonly confirmed: LRUCache<string, true, Credentials>;

  constructor(private readonly messages: Pick<Client<typeof messagesCalls>, 'authorize'>) {
    this.confirmed = new LRUCache({
      ...upToEntries(MOST),
      ttl: CONFIRMED_MS,
      // What is asked about twice at once is asked once. A failure is the caller's, and is not remembered.
      fetchMethod: async (_key, _stale, { context }) => {
        await this.ask(context);
        return true as const;
      },
    });
  }

  /** @throws AppError `unauthorized` when it has ended, `unavailable` when the store does not say */
  async check(credentials: Credentials): Promise<void> {
    try {
      await this.confirmed.fetch(keyOf(credentials.identity.id, credentials.credentialId), {
        context: credentials,
      });
    } catch (error) {
      if (error instanceof AppError) throw error;
      // It was forgotten while the store was asked: what that says now counts.
      await this.ask(credentials);
    }
  }

  private async ask({ identity, credentialId }: Credentials): Promise<void> {
    await this.messages.authorize({ identity_id: identity.id, credential_id: credentialId });
  }

  /** It has ended. */
  forget(identityId: string, credentialId: string): void {
    this.confirmed.delete(keyOf(identityId, credentialId));
  }
}

function keyOf(identityId: string, credentialId: string): string {
  return `${identityId} ${credentialId}`;
}
