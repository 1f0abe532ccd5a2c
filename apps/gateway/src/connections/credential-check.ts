import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from './connection';
import type { Connections } from './connections';

/** Credentials per call; the contract takes no more. */
const AT_ONCE = 1_000;

interface CredentialCheckOptions {
  messages: Pick<Client<typeof messagesCalls>, 'checkCredentials'>;
  connections: Pick<Connections, 'all'>;
  /** No connection is unasked about for longer than this and the calls of one round take, ms. */
  everyMs: number;
  log: Logger;
}

/**
 * The net below revocations that this gateway was not told of, because Redis was away, and below keys that run out
 * while their agent is connected: asks the store about the credential of every live connection, over and over.
 */
export function startCredentialCheck(scope: Scope, options: CredentialCheckOptions): void {
  const { connections, everyMs, log } = options;
  const stopping = new AbortController();
  let failing = false;

  async function run(): Promise<void> {
    // Gateways that were started together do not ask together.
    await wait(Math.random() * everyMs, undefined, { signal: stopping.signal });
    for (;;) {
      await wait(everyMs, undefined, { signal: stopping.signal });
      // Not before the wait: who came meanwhile would be asked about only a round later.
      const all = connections.all();
      for (let from = 0; from < all.length; from += AT_ONCE) {
        stopping.signal.throwIfAborted();
        await tryCheck(all.slice(from, from + AT_ONCE));
      }
    }
  }

  async function tryCheck(some: Connection[]): Promise<void> {
    try {
      await check(options, some);
      failing = false;
    } catch (error) {
      // One line per outage; the next round asks again.
      if (!failing) log.warn({ reason: String(error) }, 'credentials not checked');
      failing = true;
    }
  }

  const ended = run().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  scope.defer('credential check', () => {
    stopping.abort();
    return ended;
  });
}

async function check({ messages }: CredentialCheckOptions, some: Connection[]): Promise<void> {
  const open = some.filter(({ isClosed }) => !isClosed);
  if (open.length === 0) return;
  const { invalid } = await messages.checkCredentials({
    credentials: open.map(({ identity, credentialId }) => ({
      identity_id: identity.id,
      credential_id: credentialId,
    })),
  });
  const ids = new Set(invalid);
  for (const connection of open) if (ids.has(connection.credentialId)) connection.close('revoked');
}
