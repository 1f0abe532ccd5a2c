import type { Database } from 'better-sqlite3';
import { statSync } from 'node:fs';
import type { Readers } from '../readers/readers';

/** Twice what the log grows to between two checkpoints. */
const MOST_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 1_000;

/**
 * SQLite begins its write-ahead log anew when nobody reads from it. Where reads follow each other without a gap that
 * moment never comes, and the log grows for as long: then reads are held for a checkpoint.
 */
export function createLogBound(
  db: Database,
  { path, readers }: { path: string; readers: Pick<Readers, 'exclusive'> },
): { check(): void } {
  let lookAt = 0;
  let isHolding = false;

  function isLong(): boolean {
    return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > MOST_BYTES;
  }

  async function shorten(): Promise<void> {
    isHolding = true;
    try {
      await readers.exclusive(() => {
        if (db.open) db.pragma('wal_checkpoint(TRUNCATE)');
      });
    } catch {
      // A full disk, most likely: the next write says so to someone who can be told.
    } finally {
      isHolding = false;
    }
  }

  return {
    check() {
      const at = performance.now();
      if (isHolding || at < lookAt) return;
      lookAt = at + LOOK_MS;
      if (isLong()) void shorten();
    },
  };
}
