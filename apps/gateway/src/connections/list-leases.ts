import type { Lease, RedisNames } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { z } from 'zod';

/** Where a listing goes on: the cursor of a scan, and how much of its answer was handed out already. */
const cursorSchema = z.tuple([z.string().regex(/^\d{1,20}$/), z.int().min(0)]);

interface HeldLease extends Lease {
  gateway: string;
  identityId: string;
}

/**
 * A page of the leases that are held, by a scan: who holds one all the time is listed, possibly twice, and nothing blocks
 * Redis for long.
 */
export async function listLeases(
  redis: Redis,
  names: RedisNames,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ leases: HeldLease[]; next_cursor: string | null }> {
  const [from, skip] = cursor === undefined ? (['0', 0] as const) : decode(cursor);
  const [next, scanned] = await redis.zscan(names.presenceExpiry, from, 'COUNT', limit);
  const ids = scanned.filter((_element, index) => index % 2 === 0);
  const shown = ids.slice(skip, skip + limit);
  const entries = shown.length > 0 ? await redis.mget(shown.map((id) => names.lease(id))) : [];
  const leases = entries.flatMap((entry, index) => {
    const lease = entry === null ? null : (JSON.parse(entry) as Lease);
    // A tombstone, or the hold after a close: nobody is connected.
    if (!lease || typeof lease.gateway !== 'string') return [];
    return [{ ...lease, gateway: lease.gateway, identityId: shown[index] ?? '' }];
  });
  const restOfScan = skip + limit < ids.length;
  if (restOfScan) return { leases, next_cursor: encode([from, skip + limit]) };
  return { leases, next_cursor: next === '0' ? null : encode([next, 0]) };
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
