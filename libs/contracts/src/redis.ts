import type { PushPlatform } from './jobs';
import type { Event } from './objects';

/** Redis names that more than one service uses. `prefix` keeps several stacks apart in one Redis. */
export function redisNames(prefix: string) {
  return {
    /** String: a Lease as JSON, with the lease's TTL. The routing table of the relay. */
    lease: (identityId: string) => `${prefix}:lease:${identityId}`,
    /** Pub/sub channel of one gateway: GatewayMessage as JSON. */
    gateway: (gatewayId: string) => `${prefix}:gw:${gatewayId}`,
    /** Pub/sub channel that every gateway reads: PresenceChange[] as JSON. */
    presence: `${prefix}:presence`,
    /** Sorted set: identity by expiry (ms since the epoch). Who is in it is online, or held for a quick reconnect. */
    presenceExpiry: `${prefix}:presence:expiry`,
    /** String with TTL: when an identity was last seen, ms since the epoch. */
    lastSeen: (identityId: string) => `${prefix}:seen:${identityId}`,
    /** BullMQ prefix, and a queue for each push provider: one that is down holds up its own jobs only. */
    queuePrefix: `${prefix}:bull`,
    pushQueue: (platform: PushPlatform) => `push-${platform}`,
  };
}
export type RedisNames = ReturnType<typeof redisNames>;

/** Who holds the current connection of an identity. A tombstone has no gateway: revoked, nobody holds it. */
export interface Lease {
  gateway: string | null;
  connection_id: string;
  credential_id: string;
  epoch: number;
  /** What an agent calls itself; `online` when absent. Lives with the lease. */
  status?: 'online' | 'busy' | 'idle';
}

/** An identity's presence changed; published once, by the script that made or saw the change. */
export interface PresenceChange {
  identity_id: string;
  status: 'online' | 'busy' | 'idle' | 'offline';
  /** ms since the epoch */
  last_seen_ms: number;
}

/** Who gets an event on a gateway: identity and the epoch of its lease when the event was relayed. */
export type Recipient = [identityId: string, epoch: number];

export interface EventFrame {
  to: Recipient[];
  event: Event;
  /** W3C Trace Context of the relay; there when the event is traced. */
  traceparent?: string;
}

/** What travels on a gateway's own channel. */
export type GatewayMessage =
  /** `log_id`: whose log they are of; connections that began with another one have to begin again. */
  | { type: 'events'; log_id: string; frames: EventFrame[] }
  /** Connections of the identity with a lower epoch are closed with this code. */
  | { type: 'evict'; identity_id: string; epoch: number; code: 'replaced' | 'revoked' }
  /** The gateway hears itself: its subscription is alive. */
  | { type: 'echo'; nonce: string };
