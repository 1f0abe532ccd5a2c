import { AppError } from '@agent-messenger/service-kit';
import type { QuotaOf } from './quota-refusals';
import type { Storage } from './storage';
import type { Allowance } from './storage-config';

export const DAY_MS = 24 * 3_600_000;
const LOW_RETRY_MS = 10_000;

/** What an identity, or the address from which people registered, has stored. */
export interface QuotaRow {
  key: string;
  /** Of the address that a person counts for as well. */
  address: string | null;
  bytes: number;
  /** Stored in the last day, as a level that runs out within a day. */
  day_bytes: number;
  /** When the level was that, ms since the epoch. */
  day_at: number;
}

/** Content that is about to be written, and when, ms since the epoch. */
interface Cost {
  bytes: number;
  at: number;
}

export function nothingStored(key: string): QuotaRow {
  return { key, address: null, bytes: 0, day_bytes: 0, day_at: 0 };
}

/** @throws AppError `unavailable` while the disk is at its reserve */
export function checkRoom({ isLow }: Pick<Storage, 'isLow'>): void {
  if (!isLow()) return;
  throw new AppError('unavailable', 'The server has no room for new content at the moment.', {
    retryAfterMs: LOW_RETRY_MS,
  });
}

/**
 * Counts the cost in all rows that it is to be counted in.
 * @throws AppError `rate_limited` beyond what may be stored in a day, `conflict` in all. Then nothing was counted.
 */
export function charge(rows: readonly QuotaRow[], cost: Cost, storage: Storage): void {
  for (const row of rows) check(row, cost, storage);
  for (const row of rows) {
    row.day_bytes =
      Math.round(levelAt(row, storage.limits[quotaOf(row.key)], cost.at)) + cost.bytes;
    row.day_at = cost.at;
    row.bytes += cost.bytes;
  }
}

function check(row: QuotaRow, { bytes, at }: Cost, { limits, onRefusal }: Storage): void {
  const of = quotaOf(row.key);
  const { perDay, inAll } = limits[of];
  const whose = of === 'address' ? 'the accounts of your address' : 'this account';
  if (inAll > 0 && row.bytes + bytes > inAll) {
    onRefusal(row.key, of, 'all');
    throw new AppError('conflict', `The storage of ${whose} is full: delete something first.`);
  }
  const excess = levelAt(row, limits[of], at) + bytes - perDay;
  if (perDay === 0 || excess <= 0) return;
  onRefusal(row.key, of, 'day');
  throw new AppError('rate_limited', `What ${whose} may store in a day is used up.`, {
    retryAfterMs: Math.ceil((excess / perDay) * DAY_MS),
  });
}

/** Whose bounds are those of a key. */
export function quotaOf(key: string): QuotaOf {
  if (key.startsWith('address:')) return 'address';
  return key.startsWith('agt_') ? 'agent' : 'person';
}

/** A clock that was set back refills nothing until it is right again, and takes nothing away. */
export function levelAt(
  { day_bytes, day_at }: Pick<QuotaRow, 'day_bytes' | 'day_at'>,
  { perDay }: Allowance,
  at: number,
): number {
  const passed = Math.max(0, at - day_at);
  return Math.max(0, day_bytes - (passed / DAY_MS) * perDay);
}
