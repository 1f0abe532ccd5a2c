import type { ServerEventName, ServerEventPayload } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import type { Namespace, Server, Socket } from 'socket.io';
import type { Connection } from '../connections/connection';

/** A namespace that no client may join (the socket server refuses it): its members are connections of any transport. */
export const EPHEMERAL_NAMESPACE = '/ephemeral';

/**
 * Typing, receipts and other things that may be lost, from gateway to gateway. Socket.IO's sharded Redis adapter
 * carries them: a connection joins one room, its identity's, and an emit goes to exactly one room, which then has a
 * Redis channel of its own. Delivery goes through Connection, so that the lease's deadline and the high-water mark hold
 * here as well.
 */
export class EphemeralBus {
  private readonly namespace: Namespace;
  private readonly own = new Map<string, (connection: Connection, payload: never) => void>();

  /** @param adapter for this namespace alone: in one of a name that a stranger made up it would subscribe to Redis */
  constructor(
    io: Server,
    private readonly adapter: EphemeralAdapter,
  ) {
    this.namespace = io.of(EPHEMERAL_NAMESPACE);
    this.namespace.adapter = adapter.create(this.namespace);
  }

  /** Resolves when it hears what is told on other gateways: what was told before is in what is read afterwards. */
  async join(connection: Connection): Promise<void> {
    this.namespace.sockets.set(
      connection.id,
      new Receiver(connection, this.own) as unknown as Socket,
    );
    void this.namespace.adapter.addAll(connection.id, new Set([connection.identity.id]));
    await this.adapter.subscribed();
  }

  leave(connection: Connection): void {
    this.namespace.adapter.delAll(connection.id);
    this.namespace.sockets.delete(connection.id);
  }

  /** What is told of an identity to itself is for its gateway, not for its peer. */
  onOwn<N extends 'typing' | 'activity'>(
    event: N,
    hear: (connection: Connection, payload: ServerEventPayload<N>) => void,
  ): void {
    this.own.set(event, hear);
  }

  emit<N extends ServerEventName>(
    identityId: string,
    event: N,
    payload: ServerEventPayload<N>,
  ): void {
    this.namespace.to(identityId).emit(event, payload);
  }
}

/** What the adapter would write, which we leave out. */
const CLIENT = { writeToEngine() {} };

/** What the adapter needs of a socket: it announces the packet, then writes its encoding. */
class Receiver {
  readonly client = CLIENT;

  constructor(
    private readonly connection: Connection,
    private readonly own: ReadonlyMap<string, (connection: Connection, payload: never) => void>,
  ) {}

  get id(): string {
    return this.connection.id;
  }

  notifyOutgoingListeners({ data: [event, payload] }: { data: [ServerEventName, never] }): void {
    const { identity_id }: { identity_id?: string } = payload;
    const isOwn = identity_id === this.connection.identity.id;
    const hearOwn = isOwn ? this.own.get(event) : undefined;
    if (hearOwn) hearOwn(this.connection, payload);
    else this.connection.sendEphemeral(event, payload);
  }
}

export interface EphemeralAdapter {
  create: (namespace: Namespace) => Namespace['adapter'];
  /** Resolves when what has been subscribed to by now is, or could not be. */
  subscribed: () => Promise<void>;
}

/** The adapter, over clients whose failures it would otherwise leave unhandled. */
export function ephemeralAdapter(
  { publisher, subscriber }: { publisher: Redis; subscriber: Redis },
  prefix: string,
  log: Logger,
): EphemeralAdapter {
  // Redis answers in order: the last one stands for those before it.
  let last: Promise<unknown> = Promise.resolve();
  const lost = (error: unknown) =>
    log.debug({ reason: String(error) }, 'ephemeral subscription failed');
  const tolerant = {
    on: (event: string, listener: (...args: unknown[]) => void) => subscriber.on(event, listener),
    ssubscribe: (channel: string) => (last = subscriber.ssubscribe(channel).catch(lost)),
    sunsubscribe: (...channels: string[]) =>
      subscriber.sunsubscribe(...channels.flat()).catch(lost),
  };
  return {
    create: createShardedAdapter(publisher, tolerant, { channelPrefix: `${prefix}:io` }),
    subscribed: async () => void (await last),
  };
}
