import type { Lease, RedisNames } from '@agent-messenger/contracts';
import { AppError, needingRedis } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { z } from 'zod';

/** Where a listing goes on: the cursor of a scan, and up to which identity its answer was handed out already. */
const cursorSchema = z.tuple([
  z
    .string()
    .regex(/^\d{1,20}$/)
    .refine((text) => BigInt(text) < 2n ** 64n),
  z.string(),
]);

interface HeldLease extends Lease {
  gateway: string;
  identityId: string;
}

/**
 * A page of the leases that are held, by a scan: who holds one all the time is listed, possibly twice, and nothing
 * blocks Redis for long.
 */
export async function listLeases(
  redis: Redis,
  names: RedisNames,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ leases: HeldLease[]; next_cursor: string | null }> {
  const [from, after] = cursor === undefined ? (['0', ''] as const) : decode(cursor);
  const [next, scanned] = await needingRedis(
    redis.zscan(names.presenceExpiry, from, 'COUNT', limit),
  );
  // In an order of our own: that of a scan of few changes with every renewal.
  const ids = scanned.filter((_element, index) => index % 2 === 0).sort();
  const rest = ids.filter((id) => id > after);
  const shown = rest.slice(0, limit);
  const keys = shown.map((id) => names.lease(id));
  const entries = keys.length > 0 ? await needingRedis(redis.mget(keys)) : [];
  const leases = entries.flatMap((entry, index) => {
    const lease = entry === null ? null : (JSON.parse(entry) as Lease);
    // A tombstone, or the hold after a close: nobody is connected.
    if (!lease || typeof lease.gateway !== 'string') return [];
    return [{ ...lease, gateway: lease.gateway, identityId: shown[index] ?? '' }];
  });
  const last = shown.at(-1);
  if (last !== undefined && rest.length > limit) {
    return { leases, next_cursor: encode([from, last]) };
  }
  return { leases, next_cursor: next === '0' ? null : encode([next, '']) };
}

function encode(position: z.infer<typeof cursorSchema>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decode(cursor: string): z.infer<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new AppError('invalid_payload', 'cursor: is none of this list', { cause });
  }
}
