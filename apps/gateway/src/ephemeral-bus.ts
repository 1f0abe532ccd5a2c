import type { ServerEventName, ServerEventPayload } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import type { Namespace, Server, Socket } from 'socket.io';
import type { Connection } from './connections/connection';

/** A namespace that no client may join (the socket server refuses it): its members are connections of any transport. */
export const EPHEMERAL_NAMESPACE = '/ephemeral';

/**
 * Typing, receipts and other things that may be lost, from gateway to gateway. Socket.IO's sharded Redis adapter carries
 * them: a connection joins one room, its identity's, and an emit goes to exactly one room, which then has a Redis channel
 * of its own. Delivery goes through Connection, so that the lease's deadline and the high-water mark hold here as well.
 */
export class EphemeralBus {
  private readonly namespace: Namespace;

  /** @param adapter for this namespace alone: in one of a name that a stranger made up it would subscribe to Redis */
  constructor(io: Server, adapter: (namespace: Namespace) => Namespace['adapter']) {
    this.namespace = io.of(EPHEMERAL_NAMESPACE);
    this.namespace.adapter = adapter(this.namespace);
  }

  join(connection: Connection): void {
    this.namespace.sockets.set(connection.id, receiver(connection));
    void this.namespace.adapter.addAll(connection.id, new Set([connection.identity.id]));
  }

  leave(connection: Connection): void {
    this.namespace.adapter.delAll(connection.id);
    this.namespace.sockets.delete(connection.id);
  }

  emit<N extends ServerEventName>(
    identityId: string,
    event: N,
    payload: ServerEventPayload<N>,
  ): void {
    this.namespace.to(identityId).emit(event, payload);
  }
}

/** What the adapter needs of a socket: it announces the packet, then writes its encoding, which we leave out. */
function receiver(connection: Connection): Socket {
  return {
    id: connection.id,
    notifyOutgoingListeners({ data: [event, payload] }: { data: [ServerEventName, never] }) {
      connection.sendEphemeral(event, payload);
    },
    client: { writeToEngine() {} },
  } as unknown as Socket;
}

/** The adapter, over clients whose failures it would otherwise leave unhandled. */
export function ephemeralAdapter(
  { publisher, subscriber }: { publisher: Redis; subscriber: Redis },
  prefix: string,
  log: Logger,
) {
  const lost = (error: unknown) =>
    log.debug({ reason: String(error) }, 'ephemeral subscription failed');
  const tolerant = {
    on: (event: string, listener: (...args: unknown[]) => void) => subscriber.on(event, listener),
    ssubscribe: (channel: string) => subscriber.ssubscribe(channel).catch(lost),
    sunsubscribe: (...channels: string[]) =>
      subscriber.sunsubscribe(...channels.flat()).catch(lost),
  };
  return createShardedAdapter(publisher, tolerant, { channelPrefix: `${prefix}:io` });
}
