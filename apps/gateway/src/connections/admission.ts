import type {
  CallResponse,
  Client,
  ClientWishes,
  CloseCode,
  messagesCalls,
} from '@agent-messenger/contracts';
import { LIMITS, PROTOCOL_VERSION } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import type { AppendQueue } from '../writes/append-queue';
import type { Credentials } from '../credentials/authenticate';
import type { GatewayConfig } from '../config';
import type { Activities } from '../presence/activities';
import type { PresenceService } from '../presence/presence';
import type { Streams } from '../streams/streams';
import type { Typists } from '../presence/typists';
import { Connection } from './connection';
import type { ConnectionTelemetry } from './connection-telemetry';
import type { Connections } from './connections';
import type { Leases } from './leases';
import type { RateLimits } from '../limits/rate-limits';
import { AdmissionRate } from './admission-rate';
import type { CatchUp } from './catch-up';
import type { DeliveryAttempts } from './delivery-attempts';
import type { LiveConnection } from './live-connection';
import { LogFeed, type LogFeedOptions } from './log-feed';

interface AdmissionOptions {
  messages: Client<typeof messagesCalls>;
  connections: Connections;
  leases: Leases;
  presence: PresenceService;
  typists: Typists;
  activities: Activities;
  streams: Pick<Streams, 'join' | 'leave'>;
  appends: AppendQueue;
  limits: Pick<RateLimits, 'takeOvers' | 'load'>;
  config: Pick<
    GatewayConfig,
    'CONNECTS_PER_SECOND' | 'MAX_CONNECTIONS' | 'MAX_CONNECTION_AGE_S' | 'SLOW_CONSUMER_MS'
  >;
  telemetry: ConnectionTelemetry;
  attempts: DeliveryAttempts;
  catchUp: CatchUp;
  log: Logger;
}

export interface Admitted {
  connection: Connection;
  backlog: CallResponse<typeof messagesCalls, 'connect'>;
}

/** How a connection comes and goes, whatever the transport. */
export class Admission {
  private closing = false;
  private logId: string | undefined;
  private readonly rate: AdmissionRate;
  private readonly feed: LogFeedOptions;
  private readonly onClose: (code: CloseCode) => void;

  constructor(private readonly options: AdmissionOptions) {
    const { config, messages, catchUp, telemetry, presence, typists, activities, log } = options;
    this.rate = new AdmissionRate(config.CONNECTS_PER_SECOND);
    this.onClose = (code) => telemetry.closed(code);
    this.feed = {
      readLog: messages.readLog,
      limit: catchUp.reads,
      log,
      onWritten(connection, event, traceparent) {
        telemetry.delivered(connection, event, traceparent);
        void presence.noteEvent(connection, event);
        typists.noteEvent(connection, event);
        activities.noteEvent(connection, event);
      },
    };
  }

  /** Before credentials are looked at: they cost. @throws AppError `unavailable` with when to come back */
  checkRoom(): void {
    const { connections, config } = this.options;
    if (this.closing || connections.size >= config.MAX_CONNECTIONS) throw noRoom(1_000);
  }

  /** Of CONNECTS_PER_SECOND. @throws AppError `unavailable` with when to come back */
  takeTurn(): void {
    const waitMs = this.rate.take(performance.now());
    if (waitMs > 0) throw noRoom(waitMs);
  }

  /**
   * The three steps: the store authorizes and gives the epoch's floor, the lease is taken, the store raises the epoch.
   * In between the connection is already in the table: live events mark its conversations dirty, so that nothing that
   * is committed after the backlog was read can be missed. @throws AppError
   */
  async admit(
    credentials: Credentials & { wishes: ClientWishes },
    live: LiveConnection,
  ): Promise<Admitted> {
    const { messages, connections, leases, limits, config } = this.options;
    const { identity, credentialId, wishes } = credentials;
    const [{ epoch: floor }, until] = await Promise.all([
      messages.authorize({ identity_id: identity.id, credential_id: credentialId }),
      leases.attemptUntil().catch(noLease),
    ]);
    // Only now: a credential that was revoked takes no place of its owner.
    await Promise.all([limits.takeOvers.take(identity.id), limits.load(identity.id)]);
    // Gone meanwhile, perhaps to another gateway, whose lease it must not take.
    if (!live.isOpen) throw new AppError('unavailable', 'The peer has gone');

    const id = uuidv7();
    const lease = await leases
      .acquire({ identityId: identity.id, connectionId: id, credentialId, floor, until })
      .catch(noLease);
    const connection = new Connection({
      ...{ id, identity, credentialId, live, wishes, ...lease },
      onClose: this.onClose,
    });
    connection.feed = new LogFeed(connection, this.feed);
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
      // One string for all of them.
      if (backlog.log_id !== this.logId) this.logId = backlog.log_id;
      connection.logId = this.logId;
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
    const { presence, streams, catchUp, telemetry } = this.options;
    const from = performance.now();
    connection.greet({
      identity: connection.identity,
      connection_id: connection.id,
      log_id: backlog.log_id,
      protocol_version: PROTOCOL_VERSION,
      server_time: new Date().toISOString(),
    });
    // Before the snapshots are read: what is told meanwhile is compared with them.
    void streams.join(connection);
    presence.watchAllowed(connection, backlog.counterparts);
    await Promise.all([
      connection.feed?.start(),
      catchUp.writePending(connection, backlog),
      catchUp.sendPresence(connection, backlog.counterparts, backlog.last_connected),
    ]);
    connection.send('synced', {});
    connection.feed?.releaseSuspects();
    telemetry.resumed({ events: connection.feed?.written ?? 0, ms: performance.now() - from });
  }

  /** The connection has ended, or never began: everything of it goes, as far as it is still its own. */
  async leave(connection: Connection, wasSilent = false): Promise<void> {
    const { attempts, telemetry } = this.options;
    if (!connection.isClosed) telemetry.closed('peer');
    const wasBroken = isBroken(connection);
    await this.giveUp(connection, wasSilent);
    if (wasBroken && !this.closing) await attempts.count(connection);
  }

  private async giveUp(connection: Connection, wasSilent = false): Promise<void> {
    const { connections, presence, appends, leases, streams, log } = this.options;
    connection.ended();
    connection.feed?.stop();
    connections.remove(connection);
    presence.unwatch(connection);
    streams.leave(connection);
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

  /** Nobody is admitted any more. */
  get isStopping(): boolean {
    return this.closing;
  }

  /** From now on nobody is admitted. */
  stop(): void {
    this.closing = true;
  }
}

/** Whether what the peer was dealing with may be why its connection ended. */
function isBroken({ isClosed, closedWith, leftInOrder, feed }: Connection): boolean {
  // What we close for reasons of our own, or ask to go elsewhere, was not.
  if (isClosed) return closedWith === 'slow_consumer';
  // Some libraries say good-bye for a program that fails, too. Who has told nothing of what it has dealt with perhaps
  // never does: then all it was given would count against it each time it leaves.
  return !leftInOrder || feed?.acknowledges === true;
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
