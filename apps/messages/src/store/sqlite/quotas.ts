import { networkOf } from '@agent-messenger/service-kit';
import { charge, checkRoom, nothingStored, type QuotaRow } from '../../storage/quota-rules';
import type { Storage } from '../../storage/storage';
import { createSaveTimer } from './save-timer';
import type { Sqlite, Transaction } from './sqlite';

const SAVE_AFTER_MS = 1_000;
/** More counts do not wait to be saved. */
const MOST = 1_000;

/**
 * What identities and the addresses from which people registered have stored. What is added is counted in memory and
 * saved within a second, so that a crash forgets that much of it; what is taken away, with the transaction that removes
 * it.
 */
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
  forget(tx: Transaction, userId: string): void;
}

/** What a transaction that is under way has counted. */
interface Counted {
  /** null: dropped. */
  rows: Map<string, QuotaRow | null>;
  /** Whether something was taken away. */
  isLess: boolean;
}

export function createQuotas({ db, commit, takePart }: Sqlite, storage: Storage): Quotas {
  const select = db.prepare<[string], QuotaRow>('SELECT * FROM storage_use WHERE key = ?');
  const save = db.prepare<QuotaRow>(
    `INSERT INTO storage_use (key, address, bytes, day_bytes, day_at)
     VALUES (@key, @address, @bytes, @day_bytes, @day_at)
     ON CONFLICT DO UPDATE SET bytes = excluded.bytes, day_bytes = excluded.day_bytes, day_at = excluded.day_at`,
  );
  const drop = db.prepare('DELETE FROM storage_use WHERE key = ?');
  const others = db.prepare<[string]>('SELECT 1 FROM storage_use WHERE address = ? LIMIT 1');
  const insert = db.prepare(
    'INSERT OR IGNORE INTO storage_use (key, address, bytes, day_bytes, day_at) VALUES (?, ?, 0, 0, 0)',
  );
  /** Rows as they are, committed and to be saved. */
  const waiting = new Map<string, QuotaRow>();
  /** As the transactions that share the next commit have left them; null: dropped. */
  const changed = new Map<string, QuotaRow | null>();
  const open = new WeakMap<Transaction, Counted>();
  const timer = createSaveTimer(SAVE_AFTER_MS, commit);
  let isSaving = false;

  takePart({
    save(all) {
      isSaving = all || timer.isDue();
      if (!isSaving) return;
      for (const row of new Map([...waiting, ...changed]).values()) if (row) save.run(row);
    },
    saved() {
      for (const [key, row] of changed) {
        if (row) waiting.set(key, row);
        else waiting.delete(key);
      }
      changed.clear();
      if (isSaving) {
        waiting.clear();
        timer.stop();
      } else if (waiting.size > MOST) {
        timer.now();
      } else if (waiting.size > 0) {
        timer.start();
      }
    },
    undone: () => changed.clear(),
  });

  function countedIn(tx: Transaction): Counted {
    const known = open.get(tx);
    if (known) return known;
    const counted: Counted = { rows: new Map(), isLess: false };
    open.set(tx, counted);
    tx.beforeCommit.push(() => {
      // First what may fail, and undo the transaction.
      if (counted.isLess) for (const row of counted.rows.values()) if (row) save.run(row);
      for (const [key, row] of counted.rows) changed.set(key, row);
    });
    return counted;
  }

  function find(key: string): QuotaRow | null | undefined {
    return changed.has(key) ? changed.get(key) : (waiting.get(key) ?? select.get(key));
  }

  /** Of who has stored nothing yet, and of the erased, there is none. */
  function read(tx: Transaction, key: string): QuotaRow | undefined {
    const { rows } = countedIn(tx);
    if (rows.has(key)) return rows.get(key) ?? undefined;
    const found = find(key);
    return found ? keep(tx, { ...found }) : undefined;
  }

  function keep(tx: Transaction, row: QuotaRow): QuotaRow {
    countedIn(tx).rows.set(row.key, row);
    return row;
  }

  function readOrAdd(tx: Transaction, key: string): QuotaRow {
    return read(tx, key) ?? keep(tx, nothingStored(key));
  }

  function takeAway(tx: Transaction, key: string, bytes: number): QuotaRow | undefined {
    const row = read(tx, key);
    if (!row) return undefined;
    row.bytes = Math.max(0, row.bytes - bytes);
    countedIn(tx).isLess = true;
    return row;
  }

  return {
    checkRoom: () => checkRoom(storage),
    charge(tx, identityId, bytes) {
      checkRoom(storage);
      const own = readOrAdd(tx, identityId);
      const shared = own.address === null ? [] : [readOrAdd(tx, own.address)];
      charge([own, ...shared], { bytes, at: Date.parse(tx.at) }, storage);
    },
    giveBack(tx, identityId, bytes) {
      const address = takeAway(tx, identityId, bytes)?.address ?? null;
      if (address !== null) takeAway(tx, address, bytes);
    },
    register(userId, ip) {
      const address = `address:${networkOf(ip)}`;
      insert.run(userId, address);
      insert.run(address, null);
    },
    forget(tx, userId) {
      const { address = null, bytes = 0 } = read(tx, userId) ?? {};
      const { rows } = countedIn(tx);
      drop.run(userId);
      rows.set(userId, null);
      if (address === null) return;
      if (others.get(address)) {
        takeAway(tx, address, bytes);
      } else {
        drop.run(address);
        rows.set(address, null);
      }
    },
  };
}
