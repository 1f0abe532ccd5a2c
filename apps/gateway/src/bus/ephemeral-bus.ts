import type { ServerEventPayload } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import type { Namespace, Server, Socket } from 'socket.io';
import type { Connection } from '../connections/connection';
import type { Connections } from '../connections/connections';

/** A namespace that no client may join (the socket server refuses it): its only member is this gateway. */
export const EPHEMERAL_NAMESPACE = '/ephemeral';

type EphemeralEvent = 'typing' | 'activity' | 'stream:stop';

interface EphemeralBusOptions {
  gatewayId: string;
  connections: Pick<Connections, 'get'>;
  /** Identities by the gateway that has their connection; who is connected nowhere is left out. */
  gatewaysOf(identityIds: string[]): Promise<Map<string, string[]>>;
  log: Logger;
}

/**
 * Typing, activity and other things that may be lost, from gateway to gateway. Socket.IO's sharded Redis adapter
 * carries them: each gateway is a room, and an emit goes to exactly one room, which then has a Redis channel of its
 * own. A room for each identity would take a subscription and a kibibyte of every connection, for what few of them are
 * ever told. Delivery goes through Connection, so that the lease's deadline and the high-water mark hold here as well.
 */
export class EphemeralBus {
  private readonly namespace: Namespace;
  private readonly own = new Map<string, (connection: Connection, payload: never) => void>();

  /** @param adapter for this namespace alone: in one of a name that a stranger made up it would subscribe to Redis */
  constructor(
    io: Server,
    private readonly adapter: EphemeralAdapter,
    private readonly options: EphemeralBusOptions,
  ) {
    this.namespace = io.of(EPHEMERAL_NAMESPACE);
    this.namespace.adapter = adapter.create(this.namespace);
  }

  /** Resolves when it hears other gateways: what was told before is in what its connections read afterwards. */
  async start(): Promise<void> {
    const receiver = new Receiver((...told) => this.hear(...told));
    this.namespace.sockets.set(receiver.id, receiver as unknown as Socket);
    void this.namespace.adapter.addAll(receiver.id, new Set([this.options.gatewayId]));
    await this.adapter.subscribed();
  }

  /** What is told of an identity to itself is for its gateway, not for its peer. */
  onOwn<N extends 'typing' | 'activity'>(
    event: N,
    hear: (connection: Connection, payload: ServerEventPayload<N>) => void,
  ): void {
    this.own.set(event, hear);
  }

  /** To whichever of these identities is connected. */
  emit<N extends EphemeralEvent>(
    identityIds: string[],
    event: N,
    payload: ServerEventPayload<N>,
  ): void {
    this.tell(identityIds, event, payload).catch((error: unknown) =>
      this.options.log.debug({ reason: String(error), event }, 'nobody was told'),
    );
  }

  private async tell<N extends EphemeralEvent>(
    identityIds: string[],
    event: N,
    payload: ServerEventPayload<N>,
  ): Promise<void> {
    if (identityIds.length === 0) return;
    const { gatewayId, gatewaysOf } = this.options;
    for (const [gateway, to] of await gatewaysOf(identityIds)) {
      if (gateway === gatewayId) this.hear(event, to, payload);
      else this.namespace.to(gateway).emit(event, to, payload);
    }
  }

  private hear<N extends EphemeralEvent>(
    event: N,
    to: string[],
    payload: ServerEventPayload<N>,
  ): void {
    const about = 'identity_id' in payload ? payload.identity_id : undefined;
    for (const id of to) {
      const connection = this.options.connections.get(id);
      if (!connection) continue;
      const hearOwn = about === id ? this.own.get(event) : undefined;
      if (hearOwn) hearOwn(connection, payload as never);
      else connection.sendEphemeral(event, payload);
    }
  }
}

type Told = [event: EphemeralEvent, to: string[], payload: never];

/** What the adapter needs of a socket: it announces the packet, then writes its encoding, which we leave out. */
class Receiver {
  readonly id = 'gateway';
  readonly client = { writeToEngine() {} };

  constructor(private readonly hear: (...told: Told) => void) {}

  notifyOutgoingListeners({ data }: { data: Told }): void {
    this.hear(...data);
  }
}

export interface EphemeralAdapter {
  create: (namespace: Namespace) => Namespace['adapter'];
  /** Resolves when what has been subscribed to by now is. Rejects when the last of it could not be. */
  subscribed: () => Promise<unknown>;
}

/**
 * The adapter, over clients whose failures it would otherwise leave unhandled, which ends the process. It subscribes
 * again by itself: when ioredis 6.0.0 does, nobody hears of a failure either (redis/ioredis#2187, merged since).
 */
export function ephemeralAdapter(
  { publisher, subscriber }: { publisher: Redis; subscriber: Redis },
  prefix: string,
  log: Logger,
): EphemeralAdapter {
  // Redis answers in order: the last one stands for those before it.
  let last: Promise<unknown> = Promise.resolve();
  const channels = new Set<string>();
  const lost = (error: unknown) =>
    log.debug({ reason: String(error) }, 'ephemeral subscription failed');
  subscriber.on('ready', () => {
    for (const channel of channels) {
      subscriber.ssubscribe(channel).catch((error: unknown) => {
        lost(error);
        // The next connection does it.
        subscriber.stream?.destroy();
      });
    }
  });
  const tolerant = {
    on: (event: string, listener: (...args: unknown[]) => void) => subscriber.on(event, listener),
    ssubscribe(channel: string) {
      channels.add(channel);
      last = subscriber.ssubscribe(channel);
      return last.catch(lost);
    },
    sunsubscribe(...args: string[]) {
      const gone = args.flat();
      for (const channel of gone) channels.delete(channel);
      return subscriber.sunsubscribe(...gone).catch(lost);
    },
  };
  return {
    create: createShardedAdapter(publisher, tolerant, { channelPrefix: `${prefix}:io` }),
    subscribed: () => last,
  };
}
