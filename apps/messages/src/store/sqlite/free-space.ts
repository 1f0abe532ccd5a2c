import type { Database } from 'better-sqlite3';
import { fsyncSync, fstatSync, readSync, statSync, writeSync } from 'node:fs';

/** Pages that one step reads: 8 MiB. */
const STEP_PAGES = 2_048;
/** Size of a b-tree page's header, by its first byte: interior and leaf pages of indexes and tables. */
const HEADER_BYTES: Readonly<Record<number, number>> = { 2: 12, 5: 12, 10: 8, 13: 8 };
/**
 * From here on an overflow page may begin with what looks like such a byte, as it begins with a page number: 128 GiB.
 */
const MOST_PAGES = 0x0200_0000;

/**
 * Removes remnants of deleted and edited texts from the free space of the database file.
 *
 * `secure_delete` zeroes what SQLite frees. But when SQLite moves the rows of a page together to make room or to merge
 * pages, the copies at their old places stay in the gap in the middle of the page, until another row needs it; of the
 * rows that are deleted later, these copies remain. Only VACUUM would remove them, which writes the whole file anew and
 * stops all writes meanwhile. So the gaps are zeroed in the file, step by step. Nothing refers to them, so that readers
 * and crashes see the same database before, between and after. No other change must be under way: a step that has
 * something to clean empties the write-ahead log and holds the write lock, and SQLite's cache, from which a page could
 * be written back with its old gap, is emptied as well. What was deleted before a pass began is in no page after it:
 * gaps are never copied.
 *
 * Looking needs none of that, and nearly all steps only look. The pass begins with an empty log, so that the file has
 * what the cache has. A page whose gap is clean in the file is clean wherever else it is, but for copies that were made
 * since: those are of the next pass.
 */
export interface FreeSpace {
  /** Cleans some pages; true until the end of the file. After that a pass begins anew if anything was written. */
  scrub(): boolean;
}

/** What is left in a gap: where in the file, in bytes. */
interface Remnant {
  position: number;
  length: number;
}

interface DatabaseFile {
  path: string;
  /** Closing it would drop SQLite's locks (POSIX): it is closed after the database. */
  fd: number;
  stepPages?: number;
}

export function createFreeSpace(
  db: Database,
  { path, fd, stepPages = STEP_PAGES }: DatabaseFile,
): FreeSpace {
  const pageSize = Number(db.pragma('page_size', { simple: true }));
  const hasPointerMap = Number(db.pragma('auto_vacuum', { simple: true })) !== 0;
  const totalChanges = db.prepare<[], number>('SELECT total_changes()').pluck();
  const buffer = Buffer.alloc(stepPages * pageSize);
  const zeros = Buffer.alloc(pageSize);
  /** The first page has the schema's root and is always in the cache: nobody's texts are in it. */
  let next = 1;
  let passOf = -1;
  let doneOf = -1;

  /** True when no page is elsewhere than in the file, and none can be written there. */
  function isAtRest(): boolean {
    return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  }

  function pagesFrom(first: number): { pages: number; remnants: Remnant[] } {
    const bytes = readSync(fd, buffer, 0, buffer.length, first * pageSize);
    const pages = Math.floor(bytes / pageSize);
    const remnants: Remnant[] = [];
    for (let index = 0; index < pages; index += 1) {
      const page = buffer.subarray(index * pageSize, (index + 1) * pageSize);
      const gap = gapOf(page);
      if (!gap) continue;
      const length = gap.to - gap.from;
      if (page.subarray(gap.from, gap.to).equals(zeros.subarray(0, length))) continue;
      remnants.push({ position: (first + index) * pageSize + gap.from, length });
    }
    return { pages, remnants };
  }

  /** Looked at again: emptying the log has written pages. */
  const clean = db.transaction((): boolean => {
    if (!isAtRest()) return false;
    const { pages, remnants } = pagesFrom(next);
    for (const { position, length } of remnants) writeSync(fd, zeros, 0, length, position);
    next += pages;
    return true;
  });

  function emptyLog(): boolean {
    db.pragma('wal_checkpoint(TRUNCATE)');
    // Otherwise somebody reads what is still in it.
    return isAtRest();
  }

  /** @returns false when it has to be tried later */
  function step(): boolean {
    const { pages, remnants } = pagesFrom(next);
    if (remnants.length > 0) {
      if (!emptyLog()) return false;
      db.pragma('shrink_memory');
      return clean.immediate();
    }
    next += pages;
    return true;
  }

  return {
    scrub() {
      const changes = totalChanges.get() ?? 0;
      if (next === 1) {
        if (changes === doneOf) return false;
        if (!emptyLog()) return false;
        passOf = changes;
      }
      const pages = fstatSync(fd).size / pageSize;
      if (hasPointerMap || pages >= MOST_PAGES) return false;
      if (!step()) return false;
      if (next < pages) return true;
      fsyncSync(fd);
      next = 1;
      doneOf = passOf;
      return false;
    },
  };
}

/** The bytes of a page between its list of cells and its cells; undefined for what is no well-formed b-tree page. */
export function gapOf(page: Buffer): { from: number; to: number } | undefined {
  const header = HEADER_BYTES[page[0] ?? 0];
  if (header === undefined) return undefined;
  const from = header + 2 * page.readUInt16BE(3);
  // 0 stands for 65,536.
  const to = page.readUInt16BE(5) || 65_536;
  if (from > to || to > page.length) return undefined;
  for (let pointer = header; pointer < from; pointer += 2) {
    if (page.readUInt16BE(pointer) < to) return undefined;
  }
  return { from, to };
}
