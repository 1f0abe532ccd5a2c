import type { GatewayMessage, PresenceChange, RedisNames } from '@agent-messenger/contracts';
import { redisNames } from '@agent-messenger/contracts';
import { connectRedis, Scope } from '@agent-messenger/service-kit';
import type { RedisProcess } from '@agent-messenger/testkit';
import { startRedis, waitFor } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Connection } from '../src/connections/connection';
import { Connections } from '../src/connections/connections';
import type { LeaseRedis } from '../src/connections/lease-scripts';
import { withLeaseScripts } from '../src/connections/lease-scripts';
import { Leases } from '../src/connections/leases';
import { PresenceService } from '../src/presence/presence';
import { FakeLive, silent } from './fakes';

/** The part of a gateway that holds leases, on a real Redis. */
export interface LeaseHolder {
  gatewayId: string;
  connections: Connections;
  leases: Leases;
  presence: PresenceService;
  /** Acquires as admission does and puts the connection into the table. */
  connect(identityId: string, floor?: number): Promise<Held>;
  /** Handles the end of a connection as admission does. */
  leave(connection: Connection): Promise<void>;
}

export interface Held {
  connection: Connection;
  live: FakeLive;
}

export interface LeaseStack {
  process: RedisProcess;
  redis: LeaseRedis;
  scope: Scope;
  /** Names of a stack of its own. */
  fresh(): RedisNames;
  holder(names: RedisNames, ttlMs?: number): LeaseHolder;
  /** What is published on the channel from now on. */
  listen<T = PresenceChange[]>(channel: string): Promise<T[]>;
  close(): Promise<void>;
}

export async function startLeaseStack(): Promise<LeaseStack> {
  const process = await startRedis();
  const scope = new Scope(silent);
  scope.defer('redis', () => process.stop());
  const connect = (name: string): Promise<Redis> =>
    connectRedis(process.url, { name, log: silent, scope });
  const redis = withLeaseScripts(await connect('leases'));
  const subscriber = await connect('subscriber');
  const channels = new Map<string, (text: string) => void>();
  subscriber.on('message', (channel: string, text: string) => channels.get(channel)?.(text));
  let ids = 0;

  return {
    process,
    redis,
    scope,
    fresh: () => redisNames(randomUUID().slice(0, 8)),
    holder(names, ttlMs = 30_000) {
      const gatewayId = `gateway-${(ids += 1)}`;
      const connections = new Connections();
      const leases = new Leases({ redis, names, gatewayId, ttlMs, connections, log: silent });
      const presence = new PresenceService({
        redis,
        names,
        leaseTtlMs: ttlMs,
        log: silent,
        messages: {
          counterparts: ({ ids }) => Promise.resolve({ ids }),
          lastConnected: () => Promise.resolve({ at: {} }),
        },
      });
      return {
        gatewayId,
        connections,
        leases,
        presence,
        async connect(identityId, floor = 0) {
          const id = `connection-${(ids += 1)}`;
          const identity = {
            id: identityId as `usr_${string}`,
            kind: identityId.startsWith('agt_') ? ('agent' as const) : ('user' as const),
          };
          const lease = await leases.acquire({
            identityId,
            connectionId: id,
            credentialId: 'credential',
            floor,
            until: await leases.attemptUntil(),
          });
          const live = new FakeLive();
          const connection = new Connection({
            id,
            identity,
            credentialId: 'credential',
            live,
            ...lease,
          });
          connections.add(connection);
          return { connection, live };
        },
        async leave(connection) {
          connection.ended();
          connections.remove(connection);
          await leases.release(connection.identity.id, connection.id);
        },
      };
    },
    async listen<T>(channel: string) {
      const heard: T[] = [];
      channels.set(channel, (text) => void heard.push(JSON.parse(text) as T));
      await subscriber.subscribe(channel);
      return heard;
    },
    close: () => scope.close(),
  };
}

/** Everything published on the channel so far has been heard. */
export async function caughtUp(
  redis: LeaseRedis,
  channel: string,
  heard: unknown[],
): Promise<void> {
  const marker: GatewayMessage = { type: 'echo', nonce: randomUUID() };
  await redis.publish(channel, JSON.stringify(marker));
  await waitFor(() => heard.some((one) => JSON.stringify(one) === JSON.stringify(marker)), {
    intervalMs: 1,
  });
  heard.splice(
    heard.findIndex((one) => JSON.stringify(one) === JSON.stringify(marker)),
    1,
  );
}
