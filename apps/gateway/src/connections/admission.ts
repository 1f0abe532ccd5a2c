import type { CallResponse, Client, messagesCalls } from '@agent-messenger/contracts';
import { LIMITS, PROTOCOL_VERSION } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Counter } from 'prom-client';
import pLimit from 'p-limit';
import type { Limit } from 'p-limit';
import { uuidv7 } from 'uuidv7';
import type { AppendQueue } from '../append-queue';
import type { Credentials } from '../authenticate';
import type { EphemeralBus } from '../ephemeral-bus';
import type { PresenceService } from '../presence/presence';
import { Connection } from './connection';
import type { Connections } from './connections';
import type { Leases } from './leases';
import type { LiveConnection } from './live-connection';
import { LogFeed } from './log-feed';

/** Log reads under way at once, of all connections of this gateway: a reconnect storm must not starve the store. */
const READS_AT_ONCE = 16;
/** Conversations caught up before the next page of what is pending is asked for. */
const PENDING_PAGE = 500;

interface AdmissionOptions {
  messages: Client<typeof messagesCalls>;
  connections: Connections;
  leases: Leases;
  presence: PresenceService;
  bus: EphemeralBus;
  appends: AppendQueue;
  maxConnections: number;
  delivered: Counter;
  log: Logger;
}

export interface Admitted {
  connection: Connection;
  backlog: CallResponse<typeof messagesCalls, 'connect'>;
}

/** How a connection comes and goes, whatever the transport. */
export class Admission {
  private readonly reads: Limit = pLimit(READS_AT_ONCE);
  private closing = false;

  constructor(private readonly options: AdmissionOptions) {}

  /**
   * The three steps: the store authorizes and gives the epoch's floor, the lease is taken, the store raises the epoch.
   * In between the connection is already in the table: live events mark its conversations dirty, so that nothing that is
   * committed after the backlog was read can be missed. @throws AppError
   */
  async admit(credentials: Credentials, live: LiveConnection): Promise<Admitted> {
    const { messages, connections, leases, maxConnections, delivered, log } = this.options;
    if (this.closing || connections.size >= maxConnections) {
      throw new AppError('unavailable', 'This gateway takes no connections now', {
        retryAfterMs: 1_000,
      });
    }
    const { identity, credentialId } = credentials;
    const { epoch: floor } = await messages.authorize({
      identity_id: identity.id,
      credential_id: credentialId,
    });

    const id = uuidv7();
    const lease = await leases
      .acquire({ identityId: identity.id, connectionId: id, credentialId, floor })
      .catch((cause: unknown) => {
        throw new AppError('unavailable', 'Connections cannot be taken now', {
          cause,
          retryAfterMs: 2_000,
        });
      });
    const connection = new Connection({ id, identity, credentialId, live, ...lease });
    connection.feed = new LogFeed({
      connection,
      readLog: messages.readLog,
      limit: this.reads,
      log,
      onWritten: () => delivered.inc(),
    });
    connections.add(connection);
    try {
      const backlog = await messages.connect({
        identity_id: identity.id,
        credential_id: credentialId,
        epoch: connection.epoch,
        counterparts: identity.kind === 'user' ? LIMITS.presenceDefault : 0,
      });
      connection.expireAt(credentials.expiresAt);
      return { connection, backlog };
    } catch (error) {
      await this.leave(connection);
      throw error;
    }
  }

  /** The transport is open: greets, then writes what is undelivered, then `synced`. */
  async begin({ connection, backlog }: Admitted): Promise<void> {
    const { bus, presence } = this.options;
    connection.send('connected', {
      identity: connection.identity,
      connection_id: connection.id,
      log_id: backlog.log_id,
      protocol_version: PROTOCOL_VERSION,
      server_time: new Date().toISOString(),
    });
    bus.join(connection);
    presence.watchAllowed(connection, backlog.counterparts);
    await Promise.all([
      this.catchUp(connection, backlog),
      this.tellPresence(connection, backlog.counterparts),
    ]);
    connection.send('synced', {});
  }

  /** The connection has ended, or never began: everything of it goes, as far as it is still its own. */
  async leave(connection: Connection): Promise<void> {
    const { connections, presence, bus, appends, leases, log } = this.options;
    connection.ended();
    connections.remove(connection);
    presence.unwatch(connection);
    bus.leave(connection);
    void appends.flush();
    await leases
      .release(connection.identity.id, connection.id)
      .catch((error: unknown) =>
        log.info({ reason: String(error) }, 'lease not released, it will expire'),
      );
  }

  /** From now on nobody is admitted. */
  stop(): void {
    this.closing = true;
  }

  private async catchUp(connection: Connection, backlog: Admitted['backlog']): Promise<void> {
    const { messages, log } = this.options;
    const feed = connection.feed;
    if (!feed) return;
    let { pending, next_cursor: cursor } = backlog;
    await feed.start();
    for (;;) {
      await Promise.all(pending.map(({ conversation_id }) => feed.markDirty(conversation_id)));
      if (cursor === null || !connection.isCurrent) return;
      try {
        ({ pending, next_cursor: cursor } = await messages.listPending({
          identity_id: connection.identity.id,
          limit: PENDING_PAGE,
          cursor,
        }));
      } catch (error) {
        // The client gets the rest after a reconnect; a half-read backlog must not look like a whole one.
        log.warn({ reason: String(error) }, 'listing what is undelivered failed');
        return connection.close('unavailable', 1_000);
      }
    }
  }

  private async tellPresence(connection: Connection, ids: readonly string[]): Promise<void> {
    const { presence, log } = this.options;
    try {
      for (const one of await presence.of(ids)) connection.sendEphemeral('presence', one);
    } catch (error) {
      log.info({ reason: String(error) }, 'presence at connect is not known');
    }
  }
}
