import { charge, checkRoom, nothingStored, type QuotaRow } from '../../../storage/quota-rules';
import type { Storage } from '../../../storage/storage';
import type { Tx } from '../driver/transactions';
import type { Delta } from './uncounted';

/**
 * What some identities, and the addresses from which they registered, have stored, and what a transaction adds to it.
 */
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
   * @throws AppError `unavailable` while there is no room; `rate_limited` beyond what may be stored in a day,
   * `conflict` in all. Then nothing was counted.
   */
  charge(identityId: string, bytes: number): void {
    checkRoom(this.storage);
    const { at } = this;
    const rows = this.rowsOf(identityId);
    charge(rows, { bytes, at }, this.storage);
    for (const { key } of rows) this.note(key, { bytes, day: bytes, at });
  }

  /** Counts content that is removed. */
  giveBack(identityId: string, bytes: number): void {
    for (const row of this.rowsOf(identityId)) {
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

  private note(key: string, { bytes, day, at }: Delta): void {
    const known = this.changes.get(key) ?? { bytes: 0, day: 0 };
    this.changes.set(key, { bytes: known.bytes + bytes, day: known.day + day, at });
  }

  /** Of the identity, and of the address that it counts for as well. */
  private rowsOf(identityId: string): QuotaRow[] {
    const own = this.rowOf(identityId);
    return own.address === null ? [own] : [own, this.rowOf(own.address)];
  }

  private rowOf(key: string): QuotaRow {
    const row = this.rows.get(key) ?? nothingStored(key);
    this.rows.set(key, row);
    return row;
  }
}
