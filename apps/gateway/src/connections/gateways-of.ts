import type { Lease, RedisNames } from '@agent-messenger/contracts';
import type { Redis } from 'ioredis';

/** Identities by the gateway that holds their lease; who is connected nowhere is left out. */
export async function gatewaysOf(
  { redis, names }: { redis: Redis; names: RedisNames },
  identityIds: string[],
): Promise<Map<string, string[]>> {
  const leases = await redis.mget(identityIds.map((id) => names.lease(id)));
  const found = new Map<string, string[]>();
  for (const [index, identityId] of identityIds.entries()) {
    const { gateway } = JSON.parse(leases[index] ?? '{}') as Partial<Lease>;
    // A tombstone has none.
    if (typeof gateway !== 'string') continue;
    const others = found.get(gateway);
    if (others) others.push(identityId);
    else found.set(gateway, [identityId]);
  }
  return found;
}
