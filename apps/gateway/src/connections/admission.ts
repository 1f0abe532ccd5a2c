import type { CallResponse, Client, messagesCalls } from '@agent-messenger/contracts';
import { LIMITS, PROTOCOL_VERSION } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import pLimit from 'p-limit';
import type { Limit } from 'p-limit';
import { uuidv7 } from 'uuidv7';
import type { AppendQueue } from '../append-queue';
import type { Credentials } from '../authenticate';
import type { GatewayConfig } from '../config';
import type { EphemeralBus } from '../ephemeral-bus';
import type { PresenceService } from '../presence/presence';
import { Connection } from './connection';
import type { ConnectionTelemetry } from './connection-telemetry';
import type { Connections } from './connections';
import type { Leases } from './leases';
import type { RateLimits } from '../rate-limits';
import { AdmissionRate } from './admission-rate';
import { backoff } from './backoff';
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
  limits: Pick<RateLimits, 'takeOvers'>;
  config: Pick<
    GatewayConfig,
    | 'CONNECTS_PER_SECOND'
    | 'LEASE_TTL_MS'
    | 'MAX_CONNECTIONS'
    | 'MAX_CONNECTION_AGE_S'
    | 'SLOW_CONSUMER_MS'
  >;
  telemetry: ConnectionTelemetry;
  log: Logger;
}

export interface Admitted {
  connection: Connection;
  backlog: CallResponse<typeof messagesCalls, 'connect'>;
}

type PendingPage = Pick<Admitted['backlog'], 'pending' | 'next_cursor'>;

/** How a connection comes and goes, whatever the transport. */
export class Admission {
  private readonly reads: Limit = pLimit(READS_AT_ONCE);
  private readonly askingPresence = new WeakSet<Connection>();
  private closing = false;

  private readonly rate: AdmissionRate;

  constructor(private readonly options: AdmissionOptions) {
    this.rate = new AdmissionRate(options.config.CONNECTS_PER_SECOND);
  }

  /** Before credentials are looked at: they cost. @throws AppError `unavailable` with when to come back */
  checkRoom(): void {
    const { connections, config } = this.options;
    if (this.closing || connections.size >= config.MAX_CONNECTIONS) throw noRoom(1_000);
    const waitMs = this.rate.take(performance.now());
    if (waitMs > 0) throw noRoom(waitMs);
  }

  /**
   * The three steps: the store authorizes and gives the epoch's floor, the lease is taken, the store raises the epoch.
   * In between the connection is already in the table: live events mark its conversations dirty, so that nothing that is
   * committed after the backlog was read can be missed. @throws AppError
   */
  async admit(credentials: Credentials, live: LiveConnection): Promise<Admitted> {
    const { messages, connections, leases, limits, presence, config, telemetry, log } =
      this.options;
    const { identity, credentialId } = credentials;
    await limits.takeOvers.take(identity.id);
    const [{ epoch: floor }, until] = await Promise.all([
      messages.authorize({ identity_id: identity.id, credential_id: credentialId }),
      leases.attemptUntil().catch(noLease),
    ]);
    // Gone meanwhile, perhaps to another gateway, whose lease it must not take.
    if (!live.isOpen) throw new AppError('unavailable', 'The peer has gone');

    const id = uuidv7();
    const lease = await leases
      .acquire({ identityId: identity.id, connectionId: id, credentialId, floor, until })
      .catch(noLease);
    const connection = new Connection({
      ...{ id, identity, credentialId, live, ...lease },
      onClose: (code) => telemetry.closed(code),
    });
    const deliveries = telemetry.deliveries(id);
    connection.feed = new LogFeed({
      connection,
      readLog: messages.readLog,
      limit: this.reads,
      log,
      onWritten: (event) => {
        deliveries.written(event);
        void presence.noteEvent(connection, event);
      },
      onTraced: (event, traceparent) => deliveries.offered(event, traceparent),
    });
    connection.stallMs = config.SLOW_CONSUMER_MS;
    connections.add(connection);
    try {
      const backlog = await messages.connect({
        identity_id: identity.id,
        credential_id: credentialId,
        epoch: connection.epoch,
        counterparts: identity.kind === 'user' ? LIMITS.presenceDefault : 0,
      });
      // The drain may have begun meanwhile, and has not seen this one.
      if (this.closing) throw noRoom(1_000);
      connection.logId = backlog.log_id;
      connection.expireAt(credentials.expiresAt);
      connection.limitAge(config.MAX_CONNECTION_AGE_S * 1_000 * (0.9 + Math.random() / 5));
      return { connection, backlog };
    } catch (error) {
      await this.giveUp(connection);
      throw error;
    }
  }

  /** The transport is open: greets, then writes what is undelivered, then `synced`. */
  async begin({ connection, backlog }: Admitted): Promise<void> {
    const { bus, presence, telemetry } = this.options;
    const from = performance.now();
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
      connection.feed?.start(),
      this.catchUp(connection, backlog),
      this.tellPresence(connection, backlog.counterparts),
    ]);
    connection.send('synced', {});
    telemetry.resumed({ events: connection.feed?.written ?? 0, ms: performance.now() - from });
  }

  /** The connection has ended, or never began: everything of it goes, as far as it is still its own. */
  async leave(connection: Connection, wasSilent = false): Promise<void> {
    if (!connection.isClosed) this.options.telemetry.closed('peer');
    await this.giveUp(connection, wasSilent);
  }

  private async giveUp(connection: Connection, wasSilent = false): Promise<void> {
    const { connections, presence, bus, appends, leases, log } = this.options;
    connection.ended();
    connections.remove(connection);
    presence.unwatch(connection);
    bus.leave(connection);
    void appends.flush();
    await leases
      .release(connection.identity.id, connection.id, wasSilent)
      .catch((error: unknown) =>
        log.info(
          { reason: String(error), connection_id: connection.id },
          'lease not released, it will expire',
        ),
      );
  }

  /** From now on nobody is admitted. */
  stop(): void {
    this.closing = true;
  }

  /**
   * Wake-ups may have been lost: everything undelivered is looked up in the store, also in conversations that this
   * connection has not touched.
   */
  async recover(connection: Connection): Promise<void> {
    this.tellPresenceLater(connection);
    await Promise.all([connection.feed?.markAllDirty(), this.catchUp(connection)]);
  }

  /** Writes what is undelivered, page by page. @param first the first page, if it is known */
  private async catchUp(connection: Connection, first?: PendingPage): Promise<void> {
    const { feed } = connection;
    if (!feed) return;
    let page = first ?? (await this.listPending(connection));
    while (page) {
      await Promise.all(page.pending.map(({ conversation_id }) => feed.markDirty(conversation_id)));
      if (page.next_cursor === null) return;
      page = await this.listPending(connection, page.next_cursor);
    }
  }

  /** A page of what is undelivered, asked for until the store answers; undefined when the connection has ended. */
  private async listPending(
    connection: Connection,
    cursor?: string,
  ): Promise<PendingPage | undefined> {
    const { messages, log } = this.options;
    for (let failures = 0; connection.isCurrent; failures += 1) {
      try {
        return await this.reads(() =>
          messages.listPending({
            identity_id: connection.identity.id,
            limit: PENDING_PAGE,
            cursor,
          }),
        );
      } catch (error) {
        if (failures === 0)
          log.warn(
            { reason: String(error), connection_id: connection.id },
            'listing what is undelivered failed',
          );
        await backoff(failures);
      }
    }
    return undefined;
  }

  /**
   * Changes of presence are lost with the wake-ups, and right after an empty restart of Redis nobody is online: the truth
   * is asked for when every gateway has renewed its leases, not by all connections at once.
   */
  private tellPresenceLater(connection: Connection): void {
    if (this.askingPresence.has(connection)) return;
    this.askingPresence.add(connection);
    const afterMs = this.options.config.LEASE_TTL_MS * (0.5 + Math.random() / 2);
    const ask = () => {
      this.askingPresence.delete(connection);
      if (!connection.isCurrent) return;
      void this.reads(() => this.tellPresence(connection, [...connection.watching]));
    };
    setTimeout(ask, afterMs).unref();
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

function noLease(cause: unknown): never {
  throw new AppError('unavailable', 'Connections cannot be taken now', {
    cause,
    retryAfterMs: 2_000,
  });
}

function noRoom(retryAfterMs: number): AppError {
  return new AppError('unavailable', 'This gateway takes no connections now', { retryAfterMs });
}
