import { Scope } from '@agent-messenger/service-kit';
import { startFaultProxy, startRedis, waitFor } from '@agent-messenger/testkit';
import { Server } from 'socket.io';
import { ephemeralAdapter, EphemeralBus } from '../src/bus/ephemeral-bus';
import type { GatewayConfig } from '../src/config';
import { openRedisConnections } from '../src/redis-connections';
import { silent } from './fakes';

let scope: Scope;

beforeEach(() => {
  scope = new Scope(silent);
});
afterEach(() => scope.close());

test('a gateway whose subscription is not answered after a reconnect lives on, and is subscribed in the end', async () => {
  const server = await startRedis();
  scope.defer('redis', () => server.stop());
  const way = await startFaultProxy({ target: server.port });
  scope.defer('proxy', () => way.close());
  const config = { REDIS_URL: `redis://127.0.0.1:${way.port}`, REDIS_PREFIX: 'am' };
  const redis = await openRedisConnections(config as GatewayConfig, { log: silent, scope });
  const adapter = ephemeralAdapter(redis.ephemeral, config.REDIS_PREFIX, silent);
  const bus = new EphemeralBus(new Server(), adapter, {
    ...{ gatewayId: 'here', connections: { get: () => undefined }, log: silent },
    gatewaysOf: () => Promise.resolve(new Map<string, string[]>()),
  });
  await bus.start();

  const { subscriber } = redis.ephemeral;
  subscriber.once('ready', () => way.halfOpen());
  subscriber.stream.destroy();
  await waitFor(() => subscriber.status === 'ready' && subscriber.stream.readyState === 'open');
  const { stream } = subscriber;
  await waitFor(() => stream.destroyed, { timeoutMs: 30_000, describe: 'its end' });
  way.heal();
  await waitFor(
    async () => {
      if (redis.commands.status !== 'ready') return false;
      const heard = await redis.commands.call('PUBSUB', 'SHARDCHANNELS');
      return (heard as string[]).some((channel) => channel.includes('here'));
    },
    { timeoutMs: 30_000, describe: 'a subscription' },
  );
});
