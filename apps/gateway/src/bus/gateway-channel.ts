import type {
  Event,
  GatewayMessage,
  LogAnnouncement,
  PresenceChange,
  RedisNames,
  StreamFrame,
} from '@agent-messenger/contracts';
import { DependencyError, type Logger, type Scope } from '@agent-messenger/service-kit';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Connection } from '../connections/connection';
import type { Connections } from '../connections/connections';
import type { PresenceService } from '../presence/presence';

const ECHO_EVERY_MS = 2_000;
const ECHO_DEADLINE_MS = 5_000;

interface GatewayChannelOptions {
  gatewayId: string;
  names: RedisNames;
  /** A connection of its own for the subscription, without automatic resubscription. */
  subscriber: Redis;
  publisher: Redis;
  connections: Connections;
  presence: PresenceService;
  /** Told of each event, once, whoever it is for. */
  onEvent: (event: Event) => void;
  /** A piece of a stream, for a connection here. */
  onStream(connection: Connection, frame: StreamFrame): void;
  log: Logger;
}

/**
 * What other processes tell this gateway: events for its connections, pieces of streams, evictions, presence, which log
 * there is. Pub/sub loses what is published while nobody listens, so after every (re)subscription all connections
 * compare themselves with the log; and since a subscription can die without a sign, the gateway also listens for
 * itself.
 */
export class GatewayChannel {
  private heardAt = 0;
  /** Something was heard that could not be carried out. */
  private missed = false;
  /** As it was heard of last. */
  private logId: string | undefined;

  constructor(private readonly options: GatewayChannelOptions) {}

  /**
   * Resolves when the subscription stands: only then may the gateway take leases.
   * @param onGap told of all connections after the subscription was away: they may have missed events
   */
  async start(scope: Scope, onGap: (connections: Connection[]) => void): Promise<void> {
    const { subscriber, publisher, gatewayId, names, connections, log } = this.options;
    subscriber.on('message', (channel: string, text: string) => this.hear(channel, text));
    await this.subscribe();
    subscriber.on('ready', () => void this.resubscribe(onGap));

    const timer = setInterval(() => {
      // Not at once: a fault of each message would have everything read for each.
      if (this.missed) onGap(connections.all());
      this.missed = false;
      if (performance.now() - this.heardAt > ECHO_DEADLINE_MS) {
        log.warn('the gateway does not hear itself: its subscription is renewed');
        this.heardAt = performance.now();
        // Not disconnect(): a half-open connection would wait for its FIN to be acknowledged.
        subscriber.stream?.destroy();
      }
      const echo: GatewayMessage = { type: 'echo', nonce: randomUUID() };
      publisher.publish(names.gateway(gatewayId), JSON.stringify(echo)).catch(() => {
        // Redis is away; the missing echo says so.
      });
    }, ECHO_EVERY_MS);
    scope.defer('gateway channel', () => clearInterval(timer));
  }

  /** @throws DependencyError `not_subscribed` while it hears nothing: events arrive by reading the log only */
  check(): void {
    if (performance.now() - this.heardAt <= ECHO_DEADLINE_MS) return;
    throw new DependencyError('not_subscribed', 'the gateway does not hear itself');
  }

  private async subscribe(): Promise<void> {
    const { subscriber, gatewayId, names } = this.options;
    await subscriber.subscribe(names.gateway(gatewayId), names.presence, names.log);
    this.heardAt = performance.now();
  }

  private async resubscribe(onGap: (connections: Connection[]) => void): Promise<void> {
    const { connections, subscriber, log } = this.options;
    try {
      await this.subscribe();
    } catch (error) {
      log.warn({ reason: String(error) }, 'subscription failed');
      return void subscriber.stream?.destroy();
    }
    log.info({ connections: connections.size }, 'subscribed again');
    onGap(connections.all());
  }

  /** Whatever is published here, the process goes on: what was missed is looked up in the log. */
  private hear(channel: string, text: string): void {
    try {
      this.receive(channel, text);
    } catch (error) {
      this.missed = true;
      // Not what was heard: it may be the text of a message, and a JSON error quotes it.
      const reason = error instanceof SyntaxError ? 'not JSON' : String(error);
      this.options.log.error(
        { reason, channel },
        'a message of the gateway channel was not carried out',
      );
    }
  }

  private receive(channel: string, text: string): void {
    const { names, presence } = this.options;
    if (channel === names.presence) return presence.announce(JSON.parse(text) as PresenceChange[]);
    if (channel === names.log) return this.expectLog((JSON.parse(text) as LogAnnouncement).log_id);
    const message = JSON.parse(text) as GatewayMessage;
    this.heardAt = performance.now();
    if (message.type === 'events') this.deliverEvents(message);
    else if (message.type === 'streams') this.deliverStreams(message);
    else if (message.type === 'receipts') this.deliverReceipts(message);
    else if (message.type === 'evict') {
      this.options.connections.evict(message);
    }
  }

  private deliverEvents({ log_id, frames }: Extract<GatewayMessage, { type: 'events' }>): void {
    if (log_id !== this.logId) this.expectLog(log_id);
    for (const { to, event, traceparent } of frames) {
      this.options.onEvent(event);
      for (const [identityId, epoch] of to) {
        const connection = this.options.connections.get(identityId);
        // A lower epoch: the lease was read before this connection took it, so its backlog has the event.
        if (connection?.epoch === epoch) connection.feed?.offer(event, traceparent);
      }
    }
  }

  /** Who has come since reads the text, and who has gone is told by another gateway. */
  private deliverStreams({ frames }: Extract<GatewayMessage, { type: 'streams' }>): void {
    for (const frame of frames) {
      for (const id of frame.to) {
        const connection = this.options.connections.get(id);
        if (connection) this.options.onStream(connection, frame);
      }
    }
  }

  private deliverReceipts({ frames }: Extract<GatewayMessage, { type: 'receipts' }>): void {
    for (const { to, receipt } of frames) {
      for (const id of to) this.options.connections.get(id)?.sendReceipt(receipt);
    }
  }

  private expectLog(logId: string): void {
    this.logId = logId;
    for (const connection of this.options.connections.all()) connection.expectLog(logId);
  }
}
