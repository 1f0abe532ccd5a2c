import type { Consumer } from '../store';
import { createSaveTimer } from './save-timer';
import type { Sqlite } from './sqlite';

/** Of so much of the log, at most, consumers are told again after a crash. */
const SAVE_AFTER_MS = 500;

/**
 * How far consumers are in the log: moved in memory, since no other process writes the database, and saved now and
 * then.
 */
export interface Offsets {
  read(consumer: Consumer): number;
  advance(consumer: Consumer, pos: number): void;
}

export function createOffsets({ db, commit, takePart }: Sqlite): Offsets {
  const moved = new Map<Consumer, number>();
  const select = db.prepare<[string]>('SELECT value FROM meta WHERE key = ?').pluck();
  const upsert = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  const key = (consumer: Consumer) => `offset.${consumer}`;
  const timer = createSaveTimer(SAVE_AFTER_MS, commit);
  let isSaving = false;

  takePart({
    save(all) {
      isSaving = all || timer.isDue();
      if (isSaving) for (const [consumer, pos] of moved) upsert.run(key(consumer), pos);
    },
    saved() {
      if (!isSaving) return;
      moved.clear();
      timer.stop();
    },
  });

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
      timer.start();
    },
  };
}
