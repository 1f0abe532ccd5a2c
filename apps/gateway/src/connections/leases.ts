import type { CloseCode, Lease, RedisNames } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import type { Connection } from './connection';
import type { Connections } from './connections';
import { bothClocks, later, type Deadline } from './deadline';
import type { LeaseRedis } from './lease-scripts';
import { listLeases } from './list-leases';

/** Leases renewed by one script call: a few milliseconds of Redis' one thread. */
const RENEW_AT_ONCE = 200;
/**
 * How long an identity stays online after a connection was seen to close: a quick reconnect does not flap. With the
 * sweep, which comes each second, it is told to be offline within 5 s.
 */
const HOLD_MS = 3_500;
/** How long an attempt to take a lease may last: as long as the client of Redis waits for an answer, and not longer. */
export const ATTEMPT_MS = 5_000;
/** Of a renewal; see `leaseRenew`. */
const WRITTEN_AGAIN = 2;
/** Of connections that are not renewed: how they ended, where the eviction was lost. */
const ENDED_AS: Partial<Record<number, CloseCode>> = {
  0: 'replaced',
  3: 'revoked',
  4: 'lease_lost',
};
export const LAST_SEEN_TTL_MS = 90 * 24 * 3_600_000;

interface LeasesOptions {
  redis: LeaseRedis;
  names: RedisNames;
  gatewayId: string;
  ttlMs: number;
  connections: Connections;
  log: Logger;
  /** Told of a renewal that was not carried out. */
  onFailure?: () => void;
}

/**
 * The leases of this gateway's connections: taken at connect, renewed at a third of their life, released at the end.
 */
export class Leases {
  /** The time of Redis. */
  private asking: Promise<(string | number)[]> | undefined;

  constructor(private readonly options: LeasesOptions) {}

  /** Until when, by the clock of Redis, an attempt that begins now may take a lease. */
  async attemptUntil(): Promise<number> {
    // Who asks while the question is under way is told a moment that is as early as the others': too early is no harm.
    this.asking ??= this.options.redis.time().finally(() => (this.asking = undefined));
    const [seconds = 0, microseconds = 0] = await this.asking;
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000) + ATTEMPT_MS;
  }

  /**
   * Takes the identity's lease, whoever has it. `floor` is the store's epoch: a new one is above it and above the
   * lease's.
   * @throws AppError `unavailable` when it is later than `until`
   */
  async acquire(lease: {
    identityId: string;
    connectionId: string;
    credentialId: string;
    floor: number;
    until: number;
  }) {
    const { redis, names, gatewayId, ttlMs } = this.options;
    const sentAt = bothClocks();
    const epoch = await redis.leaseAcquire(
      2,
      names.lease(lease.identityId),
      names.presenceExpiry,
      lease.identityId,
      gatewayId,
      lease.connectionId,
      lease.credentialId,
      lease.floor,
      ttlMs,
      names.presence,
      names.gateway(''),
      lease.until,
    );
    if (epoch === null) throw new AppError('unavailable', 'The attempt took too long');
    return { epoch, deadline: this.deadlineOf(sentAt) };
  }

  /** The connection that has the identity's lease, on whichever gateway; null: nobody is connected. */
  async holder(identityId: string): Promise<string | null> {
    const { redis, names } = this.options;
    const entry = await redis.get(names.lease(identityId));
    const lease = entry === null ? null : (JSON.parse(entry) as Lease);
    return typeof lease?.gateway === 'string' ? lease.connection_id : null;
  }

  /** What the identity calls itself lives with its lease, and is announced to those who watch. */
  async setStatus(connection: Connection, status: Connection['status']): Promise<void> {
    const { redis, names } = this.options;
    // The next renewal writes it again, should Redis be away or come back empty.
    connection.status = status;
    await redis.leaseStatus(
      2,
      names.lease(connection.identity.id),
      names.presenceExpiry,
      connection.identity.id,
      connection.id,
      status,
      names.presence,
    );
  }

  /**
   * Ends the identity's connection, wherever it is, if it came with this credential, which has ended; null: with
   * whichever it came, which remains good, and the peer is told that it may come back.
   */
  async evict(identityId: string, credentialId: string | null): Promise<void> {
    const { redis, names, ttlMs } = this.options;
    await redis.leaseEvict(
      3,
      names.lease(identityId),
      names.presenceExpiry,
      names.lastSeen(identityId),
      identityId,
      credentialId ?? '',
      ttlMs,
      names.gateway(''),
      LAST_SEEN_TTL_MS,
    );
  }

  /** Forgets when the identity was here, and ends its connection. */
  async erase(identityId: string): Promise<void> {
    const { redis, names, ttlMs } = this.options;
    await redis.leaseErase(
      3,
      names.lease(identityId),
      names.presenceExpiry,
      names.lastSeen(identityId),
      identityId,
      ttlMs,
      names.presence,
      names.gateway(''),
    );
  }

  /** A page of all leases that are held, on whichever gateway; see `listLeases`. */
  list(page: { limit: number; cursor?: string | undefined }): ReturnType<typeof listLeases> {
    const { redis, names } = this.options;
    return listLeases(redis, names, page);
  }

  /**
   * Gives the lease up if it is still this connection's.
   * @param wasSilent its peer had not been heard of for so long that nobody waits for its quick return
   */
  async release(identityId: string, connectionId: string, wasSilent = false): Promise<void> {
    const { redis, names, ttlMs } = this.options;
    await redis.leaseRelease(
      3,
      names.lease(identityId),
      names.presenceExpiry,
      names.lastSeen(identityId),
      identityId,
      connectionId,
      // To the sweep an expiry further off than a whole lease would say that it was seen in the future.
      wasSilent ? 0 : Math.min(HOLD_MS, ttlMs),
      LAST_SEEN_TTL_MS,
      names.presence,
    );
  }

  /**
   * Renews for as long as the scope is open, and closes connections whose lease has run out or was superseded.
   * @param onRewritten told of connections whose lease had vanished: what was relayed meanwhile found nobody
   */
  start(scope: Scope, onRewritten: (connection: Connection) => void): void {
    const { redis, ttlMs, connections } = this.options;
    let renewing = false;
    const renew = () => {
      if (renewing) return;
      renewing = true;
      void this.renewAll(onRewritten).finally(() => (renewing = false));
    };
    const renewal = setInterval(renew, ttlMs / 3);
    // It may have come back empty: nobody is told anything before the leases are there again.
    redis.on('ready', renew);
    scope.defer('lease renewal', () => {
      clearInterval(renewal);
      redis.off('ready', renew);
    });

    const watch = setInterval(
      () => {
        for (const connection of connections.all()) connection.closeIfDue();
      },
      Math.min(1_000, ttlMs / 10),
    );
    scope.defer('lease deadlines', () => clearInterval(watch));
  }

  private async renewAll(onRewritten: (connection: Connection) => void): Promise<void> {
    const all = this.options.connections.all();
    for (let from = 0; from < all.length; from += RENEW_AT_ONCE) {
      // Ended while the ones before were renewed: its lease may be released by now, and is not to come back.
      const open = all.slice(from, from + RENEW_AT_ONCE).filter(({ isClosed }) => !isClosed);
      // One chunk that fails must not keep the others from being renewed.
      const rewritten = await this.renew(open).catch((error: unknown) => {
        this.options.log.warn({ reason: String(error) }, 'lease renewal failed');
        this.options.onFailure?.();
        return [];
      });
      rewritten.forEach(onRewritten);
    }
  }

  /** @returns those whose lease had vanished */
  private async renew(connections: Connection[]): Promise<Connection[]> {
    const { redis, names, gatewayId, ttlMs } = this.options;
    const sentAt = bothClocks();
    const renewed = await redis.leaseRenew(
      connections.length + 1,
      names.presenceExpiry,
      ...connections.map(({ identity }) => names.lease(identity.id)),
      gatewayId,
      ttlMs,
      names.presence,
      ...connections.flatMap(({ identity, id, credentialId, epoch, status }) => [
        identity.id,
        id,
        credentialId,
        epoch,
        status,
      ]),
    );
    const deadline = this.deadlineOf(sentAt);
    connections.forEach((connection, index) => {
      const code = ENDED_AS[renewed[index] ?? NaN];
      if (code) connection.close(code);
      else connection.leaseRenewed(deadline);
    });
    return connections.filter((_connection, index) => renewed[index] === WRITTEN_AGAIN);
  }

  /** The margin covers the difference between two clocks' speeds and the way of the last bytes to the client. */
  private deadlineOf(sentAt: Deadline): Deadline {
    return later(sentAt, this.options.ttlMs - Math.min(2_000, this.options.ttlMs / 10));
  }
}
