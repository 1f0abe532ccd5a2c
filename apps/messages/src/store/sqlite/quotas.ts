import { AppError, networkOf } from '@agent-messenger/service-kit';
import type { QuotaOf } from '../../storage/quota-refusals';
import type { Storage } from '../../storage/storage';
import type { Allowance } from '../../storage/storage-config';
import type { Sqlite, Transaction } from './sqlite';

const DAY_MS = 24 * 3_600_000;
const LOW_RETRY_MS = 10_000;

/** What identities and the addresses from which people registered have stored. */
export interface Quotas {
  /** @throws AppError `unavailable` while the disk is at its reserve */
  checkRoom(): void;
  /**
   * Counts content that is about to be written.
   * @throws AppError as `checkRoom`; `rate_limited` beyond what may be stored in a day, `conflict` in all. Then nothing
   * was counted.
   */
  charge(tx: Transaction, identityId: string, bytes: number): void;
  /** Counts content that is removed. */
  giveBack(tx: Transaction, identityId: string, bytes: number): void;
  /** What a new person stores counts for its address as well. */
  register(userId: string, ip: string): void;
  /** Gives back all that an erased person stored; its address is kept no longer. */
  forget(userId: string): void;
}

interface Row {
  key: string;
  address: string | null;
  bytes: number;
  /** Stored in the last day, as a level that runs out within a day. */
  day_bytes: number;
  /** When the level was that, ms since the epoch. */
  day_at: number;
}

export function createQuotas({ db }: Sqlite, { limits, isLow, onRefusal }: Storage): Quotas {
  const select = db.prepare<[string], Row>('SELECT * FROM storage_use WHERE key = ?');
  const save = db.prepare<Row>(
    `INSERT INTO storage_use (key, address, bytes, day_bytes, day_at)
     VALUES (@key, @address, @bytes, @day_bytes, @day_at)
     ON CONFLICT DO UPDATE SET address = excluded.address, bytes = excluded.bytes, day_bytes = excluded.day_bytes,
       day_at = excluded.day_at`,
  );
  const drop = db.prepare('DELETE FROM storage_use WHERE key = ?');
  const setBytes = db.prepare('UPDATE storage_use SET bytes = max(0, bytes - ?) WHERE key = ?');
  const others = db.prepare<[string]>('SELECT 1 FROM storage_use WHERE address = ? LIMIT 1');
  const insert = db.prepare(
    'INSERT OR IGNORE INTO storage_use (key, address, bytes, day_bytes, day_at) VALUES (?, ?, 0, 0, 0)',
  );
  /** Rows that a transaction has changed: each is written once, at its end. */
  const open = new WeakMap<Transaction, Map<string, Row>>();

  function rowsOf(tx: Transaction): Map<string, Row> {
    const known = open.get(tx);
    if (known) return known;
    const rows = new Map<string, Row>();
    open.set(tx, rows);
    tx.beforeCommit.push(() => {
      for (const row of rows.values()) save.run(row);
    });
    return rows;
  }

  function read(tx: Transaction, key: string): Row {
    const rows = rowsOf(tx);
    const row = rows.get(key) ??
      select.get(key) ?? { key, address: null, bytes: 0, day_bytes: 0, day_at: 0 };
    rows.set(key, row);
    return row;
  }

  function check(row: Row, of: QuotaOf, cost: { bytes: number; at: number }): void {
    const { perDay, inAll } = limits[of];
    const whose = of === 'address' ? 'the accounts of your address' : 'this account';
    if (inAll > 0 && row.bytes + cost.bytes > inAll) {
      onRefusal(row.key, of, 'all');
      throw new AppError('conflict', `The storage of ${whose} is full: delete something first.`);
    }
    const excess = levelAt(row, limits[of], cost.at) + cost.bytes - perDay;
    if (perDay === 0 || excess <= 0) return;
    onRefusal(row.key, of, 'day');
    throw new AppError('rate_limited', `What ${whose} may store in a day is used up.`, {
      retryAfterMs: Math.ceil((excess / perDay) * DAY_MS),
    });
  }

  function add(row: Row, of: QuotaOf, cost: { bytes: number; at: number }): void {
    row.day_bytes = Math.round(levelAt(row, limits[of], cost.at)) + cost.bytes;
    row.day_at = cost.at;
    row.bytes += cost.bytes;
  }

  function checkRoom(): void {
    if (!isLow()) return;
    throw new AppError('unavailable', 'The server has no room for new content at the moment.', {
      retryAfterMs: LOW_RETRY_MS,
    });
  }

  return {
    checkRoom,
    charge(tx, identityId, bytes) {
      checkRoom();
      const cost = { bytes, at: Date.parse(tx.at) };
      const own = read(tx, identityId);
      const of = identityId.startsWith('agt_') ? 'agent' : 'person';
      const shared = own.address === null ? undefined : read(tx, own.address);
      check(own, of, cost);
      if (shared) check(shared, 'address', cost);
      add(own, of, cost);
      if (shared) add(shared, 'address', cost);
    },
    giveBack(tx, identityId, bytes) {
      const own = read(tx, identityId);
      own.bytes = Math.max(0, own.bytes - bytes);
      if (own.address === null) return;
      const shared = read(tx, own.address);
      shared.bytes = Math.max(0, shared.bytes - bytes);
    },
    register(userId, ip) {
      const address = `address:${networkOf(ip)}`;
      insert.run(userId, address);
      insert.run(address, null);
    },
    forget(userId) {
      const own = select.get(userId);
      if (!own) return;
      drop.run(userId);
      if (own.address === null) return;
      if (others.get(own.address)) setBytes.run(own.bytes, own.address);
      else drop.run(own.address);
    },
  };
}

/** A clock that was set back refills nothing until it is right again, and takes nothing away. */
function levelAt({ day_bytes, day_at }: Row, { perDay }: Allowance, at: number): number {
  const passed = Math.max(0, at - day_at);
  return Math.max(0, day_bytes - (passed / DAY_MS) * perDay);
}
