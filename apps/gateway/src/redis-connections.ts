import type { ServiceContext } from '@agent-messenger/service-kit';
import { liveRedis, RedisEndpoint } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import type { GatewayConfig } from './config';
import { withLeaseScripts, type LeaseRedis } from './connections/lease-scripts';
import { withStreamScripts, type StreamRedis } from './streams/stream-scripts';

export interface RedisConnections {
  /** Leases, presence, and what else is asked and answered. */
  commands: LeaseRedis;
  /** Text of streams. */
  streams: StreamRedis;
  /** Of the gateway's channel. What was subscribed is subscribed again by its owner, who then looks at the log. */
  subscriber: Redis;
  /** Rate limits, which go on in the process when this takes too long. */
  limits: Redis;
  /** What was subscribed is subscribed again by the adapter. */
  ephemeral: { publisher: Redis; subscriber: Redis };
  /** @throws RedisProblem when it is of no use to a gateway */
  check(): Promise<void>;
}

/** What is published in one turn of the event loop goes out together. */
const TOGETHER = { enableAutoPipelining: true };

/** What blocks one of them, a subscription or a slow answer, does not block the others. */
export async function openRedisConnections(
  config: GatewayConfig,
  { log, scope }: Pick<ServiceContext, 'log' | 'scope'>,
): Promise<RedisConnections> {
  const endpoint = new RedisEndpoint(liveRedis(config), {
    role: 'live',
    prefix: config.REDIS_PREFIX,
    channels: true,
    log,
    scope,
  });
  const [commands, streams, subscriber, limits, ephemeralPublisher, ephemeralSubscriber] =
    await Promise.all([
      endpoint.connect('gateway').then(withLeaseScripts),
      endpoint.connect('gateway-streams').then(withStreamScripts),
      endpoint.connect('gateway-channel', { autoResubscribe: false }),
      endpoint.connect('gateway-limits', { commandTimeout: 500 }),
      endpoint.connect('gateway-ephemeral-publisher', TOGETHER),
      endpoint.connect('gateway-ephemeral-subscriber', {
        autoResubscribe: false,
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
      }),
    ]);
  return {
    commands,
    streams,
    subscriber,
    limits,
    ephemeral: { publisher: ephemeralPublisher, subscriber: ephemeralSubscriber },
    check: () => endpoint.check(),
  };
}
