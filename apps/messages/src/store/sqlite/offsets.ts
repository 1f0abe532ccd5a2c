import type { Database } from 'better-sqlite3';
import type { Consumer } from '../store';

/** How long an offset may wait for a commit to travel with. */
const IDLE_MS = 500;

/**
 * How far consumers are in the log: moved in memory, since no other process has the database, and written by the next
 * commit or, when there is none, by themselves.
 */
export interface Offsets {
  read(consumer: Consumer): number;
  advance(consumer: Consumer, pos: number): void;
  /** Within a transaction: writes what has moved. */
  save(): void;
  /** After its commit. A rolled back transaction does not come here, and what moved is written by a later one. */
  saved(): void;
  /** Writes what has moved, in a transaction of its own. */
  flush(): void;
}

export function createOffsets(db: Database): Offsets {
  const moved = new Map<Consumer, number>();
  const select = db.prepare<[string]>('SELECT value FROM meta WHERE key = ?').pluck();
  const upsert = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  const key = (consumer: Consumer) => `offset.${consumer}`;
  let timer: NodeJS.Timeout | undefined;

  function save() {
    for (const [consumer, pos] of moved) upsert.run(key(consumer), pos);
  }
  function saved() {
    moved.clear();
    clearTimeout(timer);
    timer = undefined;
  }
  const saveAlone = db.transaction(save);
  function flush() {
    if (moved.size === 0) return;
    try {
      saveAlone.immediate();
    } catch {
      // A full disk, most likely: the next write says so to someone who can be told. The offset repeats a page.
      return;
    } finally {
      timer = undefined;
    }
    saved();
  }
  function read(consumer: Consumer): number {
    const saved = moved.get(consumer) ?? select.get(key(consumer));
    if (saved !== undefined) return Number(saved);
    // In a store that is older than this consumer: what others were told of is not told again.
    return consumer === 'unseen' ? read('push') : 0;
  }
  return {
    read,
    advance(consumer, pos) {
      moved.set(consumer, pos);
      timer ??= setTimeout(flush, IDLE_MS).unref();
    },
    save,
    saved,
    flush,
  };
}
