import type {
  Client,
  Event,
  Lease,
  messagesCalls,
  Presence,
  PresenceChange,
  RedisNames,
} from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import type { Connection } from '../connections/connection';
import { backoff } from '../connections/backoff';
import { LAST_SEEN_TTL_MS } from '../connections/leases';
import type { LeaseRedis } from '../connections/lease-scripts';

/** Identities that one step of a sweep takes off: a few milliseconds of Redis' one thread. */
const SWEEP_MOST = 500;

interface PresenceOptions {
  redis: LeaseRedis;
  names: RedisNames;
  leaseTtlMs: number;
  messages: Pick<Client<typeof messagesCalls>, 'counterparts' | 'lastConnected'>;
  log: Logger;
}

/**
 * Who is online. The truth is the sorted set that the lease scripts keep; a change is published once, on a channel that
 * every gateway reads, and handed to local watchers from an index: an agent that 10,000 people watch costs each gateway
 * one Redis message.
 */
export class PresenceService {
  private readonly watchers = new Map<string, Set<Connection>>();
  /** Whom a connection may share no conversation with any more, while the store is being asked. */
  private readonly doubted = new WeakMap<Connection, Set<string>>();
  /** What slow readers have not been sent: the last of each identity. */
  private readonly unsent = new WeakMap<Connection, Map<string, Presence>>();

  constructor(private readonly options: PresenceOptions) {}

  /** Sweeps expired identities each second. Every gateway does; who pops one announces it. */
  start(scope: Scope): void {
    let sweeping = false;
    const timer = setInterval(() => {
      if (sweeping) return;
      sweeping = true;
      this.sweep()
        .catch((error: unknown) =>
          this.options.log.debug({ reason: String(error) }, 'presence sweep failed'),
        )
        .finally(() => (sweeping = false));
    }, 1_000);
    scope.defer('presence sweep', () => clearInterval(timer));
  }

  /** Until nobody is left: those of a gateway that died all run out within the same moments. */
  private async sweep(): Promise<void> {
    const { redis, names, leaseTtlMs } = this.options;
    let taken = SWEEP_MOST;
    while (taken === SWEEP_MOST) {
      taken = await redis.presenceSweep(
        1,
        names.presenceExpiry,
        SWEEP_MOST,
        names.presence,
        names.lastSeen(''),
        leaseTtlMs,
        LAST_SEEN_TTL_MS,
      );
    }
  }

  /** Replaces what the connection watches; ids without a shared conversation are left out silently. */
  async watch(connection: Connection, ids: readonly string[]): Promise<Presence[]> {
    const { ids: allowed } = ids.length
      ? await this.options.messages.counterparts({
          identity_id: connection.identity.id,
          ids: [...new Set(ids)],
        })
      : { ids: [] };
    this.watchAllowed(connection, allowed);
    // Subscribed before read: a change in between arrives after the answer was taken, never before and then not at all.
    return this.of(allowed);
  }

  /** @param ids that the store has named as counterparts */
  watchAllowed(connection: Connection, ids: readonly string[]): void {
    this.unwatch(connection);
    if (connection.isClosed) return;
    connection.watching = [...new Set(ids)];
    for (const id of connection.watching) {
      const set = this.watchers.get(id);
      if (set) set.add(connection);
      else this.watchers.set(id, new Set([connection]));
    }
  }

  unwatch(connection: Connection): void {
    for (const id of connection.watching) this.forget(connection, id);
    connection.watching = [];
  }

  /**
   * An event that the connection was written: whom it shares no conversation with any more it does not watch any more.
   * All but few events cost a comparison. @returns what resolves when that is so, where there is something to ask
   */
  noteEvent(connection: Connection, event: Event): Promise<void> | undefined {
    if (event.type !== 'conversation.deleted') return undefined;
    const ids = event.conversation.members
      .map(({ id }) => id)
      .filter((id) => connection.watching.includes(id));
    const doubted = this.doubted.get(connection);
    if (!doubted) return ids.length > 0 ? this.settle(connection, new Set(ids)) : undefined;
    ids.forEach((id) => doubted.add(id));
    return undefined;
  }

  /** @param doubted grows while the store is being asked */
  private async settle(connection: Connection, doubted: Set<string>): Promise<void> {
    this.doubted.set(connection, doubted);
    for (let failures = 0; doubted.size > 0 && !connection.isClosed;) {
      const asked = [...doubted];
      doubted.clear();
      try {
        await this.keepShared(connection, asked);
        failures = 0;
      } catch {
        asked.forEach((id) => doubted.add(id));
        await backoff(failures);
        failures += 1;
      }
    }
    this.doubted.delete(connection);
  }

  private async keepShared(connection: Connection, ids: string[]): Promise<void> {
    const { id: identity_id } = connection.identity;
    const shared = await this.options.messages.counterparts({ identity_id, ids });
    const gone = new Set(ids.filter((id) => !shared.ids.includes(id)));
    for (const id of gone) this.forget(connection, id);
    connection.watching = connection.watching.filter((id) => !gone.has(id));
  }

  private forget(connection: Connection, watched: string): void {
    const set = this.watchers.get(watched);
    set?.delete(connection);
    if (set?.size === 0) this.watchers.delete(watched);
  }

  /** Changes from the presence channel, to those here who watch. */
  announce(changes: PresenceChange[]): void {
    for (const { identity_id, status, last_seen_ms } of changes) {
      const presence: Presence = { identity_id, status, last_seen: toTime(last_seen_ms) };
      for (const connection of this.watchers.get(identity_id) ?? []) {
        this.send(connection, presence);
      }
    }
  }

  /** A slow reader is told later how things stand then: nothing repeats a change that was dropped. */
  send(connection: Connection, presence: Presence): void {
    const unsent = this.unsent.get(connection);
    if (unsent) unsent.set(presence.identity_id, presence);
    else if (connection.isAboveHighWater) void this.sendWithRoom(connection, presence);
    else connection.send('presence', presence);
  }

  private async sendWithRoom(connection: Connection, presence: Presence): Promise<void> {
    const unsent = new Map([[presence.identity_id, presence]]);
    this.unsent.set(connection, unsent);
    for (const [id] of unsent) {
      if (!(await connection.hasRoom())) break;
      const last = unsent.get(id);
      unsent.delete(id);
      if (last && connection.watching.includes(id)) connection.send('presence', last);
    }
    this.unsent.delete(connection);
  }

  /**
   * The presence of identities as it is now.
   * @param lastConnected what the store has said of all of them, for those of whom Redis knows nothing
   */
  async of(
    ids: readonly string[],
    lastConnected?: Readonly<Record<string, string>>,
  ): Promise<Presence[]> {
    const read = await this.read(ids);
    if (lastConnected) return ids.map((id) => read.get(id) ?? offline(id, lastConnected[id]));
    const unknown = ids.filter((id) => read.get(id) === undefined);
    if (unknown.length === 0) return ids.flatMap((id) => read.get(id) ?? []);
    const { at } = await this.options.messages.lastConnected({ ids: unknown });
    // Once more: who came online while the store was asked has been announced, and must not be told offline after that.
    const again = await this.read(unknown);
    return ids.map((id) => again.get(id) ?? read.get(id) ?? offline(id, at[id]));
  }

  /** What Redis knows; identities that it has never seen, or has forgotten, are not in the answer. */
  private async read(ids: readonly string[]): Promise<Map<string, Presence>> {
    const found = new Map<string, Presence>();
    if (ids.length === 0) return found;
    const { redis, names } = this.options;
    const [expiries, leases, seen] = await Promise.all([
      redis.zmscore(names.presenceExpiry, ...ids),
      redis.mget(ids.map(names.lease)),
      redis.mget(ids.map(names.lastSeen)),
    ]);
    ids.forEach((identity_id, index) => {
      const seenMs = seen[index];
      // In the set at all means not yet swept: what has been announced is what is told.
      if (expiries[index] !== null) {
        found.set(identity_id, {
          identity_id,
          status: statusOf(leases[index]),
          last_seen: toTime(Date.now()),
        });
      } else if (seenMs) {
        found.set(identity_id, {
          identity_id,
          status: 'offline',
          last_seen: toTime(Number(seenMs)),
        });
      }
    });
    return found;
  }
}

function offline(id: string, lastSeen: string | null = null): Presence {
  return { identity_id: id, status: 'offline', last_seen: lastSeen };
}

function statusOf(lease: string | null | undefined): 'online' | 'busy' | 'idle' {
  // During the hold after a close there is no lease; the identity still counts as online.
  return lease ? ((JSON.parse(lease) as Lease).status ?? 'online') : 'online';
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
