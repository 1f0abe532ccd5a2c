import type { Database } from 'better-sqlite3';
import type { Consumer } from '../store';

/** How long an offset may wait for a commit to travel with. */
const IDLE_MS = 500;

/** Consumer offsets: moved in memory, written by the next commit or, when there is none, by themselves. */
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
  return {
    read: (consumer) => moved.get(consumer) ?? Number(select.get(key(consumer)) ?? 0),
    advance(consumer, pos) {
      moved.set(consumer, pos);
      timer ??= setTimeout(flush, IDLE_MS).unref();
    },
    save,
    saved,
    flush,
  };
}
