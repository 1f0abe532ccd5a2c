import type { GatewayMessage, PresenceChange, RedisNames } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Connection } from './connections/connection';
import type { Connections } from './connections/connections';
import type { MemberCache } from './member-cache';
import type { PresenceService } from './presence/presence';

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
  members: MemberCache;
  log: Logger;
}

/**
 * What other processes tell this gateway: events for its connections, evictions, presence. Pub/sub loses what is
 * published while nobody listens, so after every (re)subscription all connections compare themselves with the log; and
 * since a subscription can die without a sign, the gateway also listens for itself.
 */
export class GatewayChannel {
  private heardAt = 0;
  /** Of what was relayed last. */
  private logId: string | undefined;

  constructor(private readonly options: GatewayChannelOptions) {}

  /**
   * Resolves when the subscription stands: only then may the gateway take leases.
   * @param onGap told of all connections after the subscription was away: they may have missed events
   */
  async start(scope: Scope, onGap: (connections: Connection[]) => void): Promise<void> {
    const { subscriber, publisher, gatewayId, names, log } = this.options;
    subscriber.on('message', (channel: string, text: string) => this.receive(channel, text));
    await this.subscribe();
    subscriber.on('ready', () => void this.resubscribe(onGap));

    const timer = setInterval(() => {
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

  private async subscribe(): Promise<void> {
    const { subscriber, gatewayId, names } = this.options;
    await subscriber.subscribe(names.gateway(gatewayId), names.presence);
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

  private receive(channel: string, text: string): void {
    const { names, presence } = this.options;
    if (channel === names.presence) return presence.announce(JSON.parse(text) as PresenceChange[]);
    const message = JSON.parse(text) as GatewayMessage;
    this.heardAt = performance.now();
    if (message.type === 'events') this.deliver(message);
    else if (message.type === 'evict') {
      this.options.connections.evict(message.identity_id, message.epoch, message.code);
    }
  }

  private deliver({ log_id, frames }: Extract<GatewayMessage, { type: 'events' }>): void {
    this.noteLog(log_id);
    for (const { to, event, traceparent } of frames) {
      this.options.members.invalidate(event);
      for (const [identityId, epoch] of to) {
        const connection = this.options.connections.get(identityId);
        // A lower epoch: the lease was read before this connection took it, so its backlog has the event.
        if (connection?.epoch === epoch) connection.feed?.offer(event, traceparent);
      }
    }
  }

  private noteLog(logId: string): void {
    if (logId === this.logId) return;
    this.logId = logId;
    for (const connection of this.options.connections.all()) connection.expectLog(logId);
  }
}
