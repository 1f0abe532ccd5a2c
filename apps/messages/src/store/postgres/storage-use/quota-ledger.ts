import { AppError } from '@agent-messenger/service-kit';
import type { QuotaOf } from '../../../storage/quota-refusals';
import type { Storage } from '../../../storage/storage';
import type { Allowance } from '../../../storage/storage-config';
import type { Tx } from '../driver/transactions';
import type { Delta } from './uncounted';

export const DAY_MS = 24 * 3_600_000;
const LOW_RETRY_MS = 10_000;

export interface QuotaRow {
  key: string;
  address: string | null;
  bytes: number;
  /** Stored in the last day, as a level that runs out within a day. */
  day_bytes: number;
  /** When the level was that, ms since the epoch. */
  day_at: number;
}

/** @throws AppError `unavailable` while there is no room for new content */
export function checkRoom({ isLow }: Pick<Storage, 'isLow'>): void {
  if (!isLow()) return;
  throw new AppError('unavailable', 'The server has no room for new content at the moment.', {
    retryAfterMs: LOW_RETRY_MS,
  });
}

/** What some identities, and the addresses from which they registered, have stored, and what a transaction adds to it. */
export class QuotaLedger {
  private readonly rows: Map<string, QuotaRow>;
  private readonly changes = new Map<string, Delta>();

  /** @param onSave told what a transaction has counted, if it is committed */
  constructor(
    rows: readonly QuotaRow[],
    private readonly storage: Storage,
    private readonly at: number,
    private readonly onSave: (tx: Tx, changes: ReadonlyMap<string, Delta>) => void,
  ) {
    this.rows = new Map(rows.map((row) => [row.key, row]));
  }

  /**
   * Counts content that is about to be written.
   * @throws AppError `unavailable` while there is no room; `rate_limited` beyond what may be stored in a day, `conflict` in
   * all. Then nothing was counted.
   */
  charge(identityId: string, bytes: number): void {
    checkRoom(this.storage);
    const own = this.rowOf(identityId);
    const shared = own.address === null ? undefined : this.rowOf(own.address);
    this.check(own, bytes);
    if (shared) this.check(shared, bytes);
    this.add(own, bytes);
    if (shared) this.add(shared, bytes);
  }

  /** Counts content that is removed. */
  giveBack(identityId: string, bytes: number): void {
    const own = this.rowOf(identityId);
    const shared = own.address === null ? [] : [this.rowOf(own.address)];
    for (const row of [own, ...shared]) {
      const given = Math.min(row.bytes, bytes);
      row.bytes -= given;
      this.note(row.key, { bytes: -given, day: 0, at: this.at });
    }
  }

  /** At the transaction's end. */
  save(tx: Tx): void {
    const counted = new Map(this.changes);
    this.changes.clear();
    if (counted.size > 0) this.onSave(tx, counted);
  }

  private check(row: QuotaRow, bytes: number): void {
    const of = quotaOf(row.key);
    const { perDay, inAll } = this.storage.limits[of];
    const whose = of === 'address' ? 'the accounts of your address' : 'this account';
    if (inAll > 0 && row.bytes + bytes > inAll) {
      this.storage.onRefusal(row.key, of, 'all');
      throw new AppError('conflict', `The storage of ${whose} is full: delete something first.`);
    }
    const excess = levelAt(row, this.storage.limits[of], this.at) + bytes - perDay;
    if (perDay === 0 || excess <= 0) return;
    this.storage.onRefusal(row.key, of, 'day');
    throw new AppError('rate_limited', `What ${whose} may store in a day is used up.`, {
      retryAfterMs: Math.ceil((excess / perDay) * DAY_MS),
    });
  }

  private add(row: QuotaRow, bytes: number): void {
    const level = levelAt(row, this.storage.limits[quotaOf(row.key)], this.at);
    row.day_bytes = Math.round(level) + bytes;
    row.day_at = this.at;
    row.bytes += bytes;
    this.note(row.key, { bytes, day: bytes, at: this.at });
  }

  private note(key: string, { bytes, day, at }: Delta): void {
    const known = this.changes.get(key) ?? { bytes: 0, day: 0 };
    this.changes.set(key, { bytes: known.bytes + bytes, day: known.day + day, at });
  }

  private rowOf(key: string): QuotaRow {
    const row = this.rows.get(key) ?? { key, address: null, bytes: 0, day_bytes: 0, day_at: 0 };
    this.rows.set(key, row);
    return row;
  }
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
