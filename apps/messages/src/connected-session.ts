import type { Lease, RedisNames } from '@agent-messenger/contracts';
import type { Redis } from 'ioredis';

/** The session that a person's connection came with; null: the person is not connected, or Redis does not say. */
export type ConnectedSession = (userId: string) => Promise<string | null>;

/** @param redis must fail fast: a login waits for it, and without an answer goes by when sessions were used. */
export function createConnectedSession(
  redis: Pick<Redis, 'get'>,
  names: Pick<RedisNames, 'lease'>,
): ConnectedSession {
  return async (userId) => {
    const text = await redis.get(names.lease(userId)).catch(() => null);
    if (text === null) return null;
    const { gateway, credential_id } = JSON.parse(text) as Lease;
    return gateway === null ? null : credential_id;
  };
}
