import type { ServiceContext } from '@agent-messenger/service-kit';
import { connectRedis } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import type { GatewayConfig } from './config';
import { withLeaseScripts, type LeaseRedis } from './connections/lease-scripts';

export interface RedisConnections {
  /** Leases, presence, and what else is asked and answered. */
  commands: LeaseRedis;
  /** Of the gateway's channel. What was subscribed is subscribed again by its owner, who then looks at the log. */
  subscriber: Redis;
  /** Rate limits, which go on in the process when this takes too long. */
  limits: Redis;
  ephemeral: { publisher: Redis; subscriber: Redis };
}

/** What blocks one of them, a subscription or a slow answer, does not block the others. */
export async function openRedisConnections(
  config: GatewayConfig,
  { log, scope }: Pick<ServiceContext, 'log' | 'scope'>,
): Promise<RedisConnections> {
  const connect = (name: string, options = {}) =>
    connectRedis(config.REDIS_URL, { name, log, scope, options });
  const [commands, subscriber, limits, ephemeralPublisher, ephemeralSubscriber] = await Promise.all(
    [
      connect('gateway').then(withLeaseScripts),
      connect('gateway-channel', { autoResubscribe: false }),
      connect('gateway-limits', { commandTimeout: 500 }),
      connect('gateway-ephemeral-publisher'),
      connect('gateway-ephemeral-subscriber', {
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
      }),
    ],
  );
  return {
    commands,
    subscriber,
    limits,
    ephemeral: { publisher: ephemeralPublisher, subscriber: ephemeralSubscriber },
  };
}
