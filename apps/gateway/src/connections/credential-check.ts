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
  /** In this time each connection is asked about once, ms. */
  everyMs: number;
  log: Logger;
}

/**
 * The net below revocations that this gateway was not told of, because Redis was away, and below keys that run out while
 * their agent is connected: asks the store about the credential of every live connection, over and over.
 */
export function startCredentialCheck(scope: Scope, options: CredentialCheckOptions): void {
  const { connections, everyMs, log } = options;
  const stopping = new AbortController();
  let failing = false;

  async function run(): Promise<void> {
    // Gateways that were started together do not ask together.
    await wait(Math.random() * everyMs, undefined, { signal: stopping.signal });
    for (;;) {
      const all = connections.all();
      const chunks = Math.max(1, Math.ceil(all.length / AT_ONCE));
      for (let chunk = 0; chunk < chunks; chunk += 1) {
        await wait(everyMs / chunks, undefined, { signal: stopping.signal });
        await tryCheck(all.slice(chunk * AT_ONCE, (chunk + 1) * AT_ONCE));
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
