import type { PushPlatform } from './jobs';
import type { Event, Receipt } from './objects';
import type { StreamPiece } from './streams';

/** Redis names that more than one service uses. `prefix` keeps several stacks apart in one Redis. */
export function redisNames(prefix: string) {
  return {
    /** String: a Lease as JSON, with the lease's TTL. The routing table of the relay. */
    lease: (identityId: string) => `${prefix}:lease:${identityId}`,
    /** Key that nobody sets: to delete it changes nothing, and tells whether this server can be written to. */
    neverSet: `${prefix}:never-set`,
    /** Pub/sub channel of one gateway: GatewayMessage as JSON. */
    gateway: (gatewayId: string) => `${prefix}:gw:${gatewayId}`,
    /** Pub/sub channel that every gateway reads: PresenceChange[] as JSON. */
    presence: `${prefix}:presence`,
    /** Pub/sub channel that every gateway reads: LogAnnouncement as JSON, every few seconds. */
    log: `${prefix}:log`,
    /** Sorted set: identity by expiry (ms since the epoch). Who is in it is online, or held for a quick reconnect. */
    presenceExpiry: `${prefix}:presence:expiry`,
    /** String with TTL: when an identity was last seen, ms since the epoch. */
    lastSeen: (identityId: string) => `${prefix}:seen:${identityId}`,
    /** Hash: what is known of an open stream; with a TTL. `of` is `<agent> <stream>`. */
    stream: (of: string) => `${prefix}:stream:${of}`,
    /** String: its text so far; with the same TTL. */
    streamText: (of: string) => `${prefix}:stream-text:${of}`,
    /** Set: the open streams of a conversation or of an identity, as `of`. */
    streamsOf: (id: string) => `${prefix}:streams:${id}`,
    /** Sorted set: open streams by when they are interrupted, ms since the epoch. */
    streamDeadlines: `${prefix}:stream-deadlines`,
    /** BullMQ prefix, and a queue for each push provider: one that is down holds up its own jobs only. */
    queuePrefix: `${prefix}:bull`,
    pushQueue: (platform: PushPlatform) => `push-${platform}`,
    /** Of batches, apart: a worker that knows none of them takes all jobs of the other one, and would give these up. */
    pushBatchQueue: (platform: PushPlatform) => `push-batches-${platform}`,
    /** String with a TTL: the job that is telling a device about a conversation. */
    pushClaim: (platform: PushPlatform, id: string) => `${prefix}:push-claim:${platform}:${id}`,
  };
}
export type RedisNames = ReturnType<typeof redisNames>;

/** Who holds the current connection of an identity. A tombstone has no gateway: it was ended, nobody holds it. */
export interface Lease {
  gateway: string | null;
  connection_id: string;
  credential_id: string;
  epoch: number;
  /** What an agent calls itself; `online` when absent. Lives with the lease. */
  status?: 'online' | 'busy' | 'idle';
  /** Of a tombstone: an operator has ended the connection, and its credential has not ended. */
  may_return?: true;
  /** Of a tombstone: the identity is gone, and nothing is noted about it any more. */
  erased?: true;
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

/** A position that moved, and whom it is told. It may be lost. */
export interface ReceiptFrame {
  to: string[];
  receipt: Receipt;
}

/** What is told of a stream to readers who are connected to a gateway. It may be lost. */
export interface StreamFrame {
  to: string[];
  /** Tells the pieces of a text that has begun anew from those before. */
  run: string;
  piece: StreamPiece;
}

/** Which log the store has. Told again and again: a restored store may have nothing to relay. */
export interface LogAnnouncement {
  log_id: string;
}

/** What travels on a gateway's own channel. */
export type GatewayMessage =
  /** `log_id`: whose log they are of; connections that began with another one have to begin again. */
  | { type: 'events'; log_id: string; frames: EventFrame[] }
  | { type: 'streams'; frames: StreamFrame[] }
  | { type: 'receipts'; frames: ReceiptFrame[] }
  /** Connections of the identity with a lower epoch are closed with this code. */
  | {
      type: 'evict';
      identity_id: string;
      epoch: number;
      code: 'replaced' | 'revoked' | 'lease_lost';
      /** Of `replaced`: the newer connection came with the same credential. */
      same_session?: boolean;
    }
  /** The gateway hears itself: its subscription is alive. */
  | { type: 'echo'; nonce: string };
