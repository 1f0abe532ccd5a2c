import type { Logger } from '@agent-messenger/service-kit';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { closeSync, linkSync, openSync, renameSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { removeDatabase } from '../files/parts';
import { syncPath } from '../files/sync-path';
import { compactionOf, type Progress } from './compaction-target';
import { keptName } from './kept-file';
import { COMPACT_VERSION, refuseNewer, takeWideSteps, versionOf } from './steps';

export interface CompactionOptions {
  log: Logger;
  /** Events that a transaction copies: the event loop is free between two. */
  chunk?: number;
  /** Room beside the file, bytes. */
  free?: () => number;
  /** Told after each, with how many events are copied. */
  onChunk?(events: number): void;
}

const CHUNK = 2_000;
const TELL_MS = 5_000;
/** Events a second on one core of 2026, for an estimate. */
const EXPECTED_PER_S = 15_000;
const MIB = 2 ** 20;

/**
 * Makes a file of an older schema compact: into a new file beside it, piece by piece, so that a process that is killed
 * meanwhile is gone on from; then the new one takes its name, and the old one is kept under another. Public ids, places
 * in the log, positions and sync tokens stay what they are.
 *
 * Nobody may write the file meanwhile: the caller holds the store's lock.
 * @throws Error when there is not enough room, or the file is of a newer program
 */
export async function makeCompact(path: string, options: CompactionOptions): Promise<void> {
  const { log, chunk = CHUNK, free = () => freeBeside(path) } = options;
  const target = `${path}.compacting`;
  const source = prepareSource(path);
  if (!source) return removeDatabase(target);
  const { events, bytes } = source;
  checkRoom(path, { bytes, copied: sizeOf(target), free: free() });
  const compaction = openTarget(target, path);
  const startedAt = performance.now();
  let toldAt = startedAt;
  const begun = compaction.progress.events;
  const numbers = (progress: Progress) => ({ events, done: progress.events });
  log.info(
    {
      ...numbers(compaction.progress),
      needed_mib: Math.ceil(bytes / MIB),
      expected_s: Math.ceil((events - begun) / EXPECTED_PER_S),
    },
    'the store is made compact; it starts when that is done, and can be interrupted',
  );
  try {
    while (compaction.copy(chunk)) {
      options.onChunk?.(compaction.progress.events);
      await nextTurn();
      const now = performance.now();
      if (now - toldAt < TELL_MS) continue;
      toldAt = now;
      const rate = (compaction.progress.events - begun) / (now - startedAt);
      const remaining_s = Math.ceil((events - compaction.progress.events) / rate / 1_000);
      log.info({ ...numbers(compaction.progress), remaining_s }, 'the store is made compact');
    }
    compaction.finish(events);
  } finally {
    compaction.close();
  }
  swap(path, target);
  log.info(
    { bytes_before: bytes, bytes: sizeOf(path), seconds: (performance.now() - startedAt) / 1_000 },
    'the store is compact',
  );
}

/** Brings an older file to the last wide schema; undefined: there is nothing to make compact. */
function prepareSource(path: string): { events: number; bytes: number } | undefined {
  if (sizeOf(path) === 0) return undefined;
  const db = new BetterSqlite3(path, { timeout: 50 });
  try {
    const version = versionOf(db);
    refuseNewer(path, version);
    if (version === 0 || version >= COMPACT_VERSION) return undefined;
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('secure_delete = ON');
    takeWideSteps(db);
    // One file that needs no other beside it: a log of this one must not be carried out on the one that takes its name.
    if (db.pragma('journal_mode = DELETE', { simple: true }) !== 'delete') {
      throw new Error(`${path} is being read: it can be upgraded when nobody else has it open`);
    }
    const events = Number(db.prepare('SELECT count(*) FROM events').pluck().get());
    return { events, bytes: sizeOf(path) };
  } finally {
    db.close();
  }
}

/** A new one is at most as large as the old one, which stays. */
function checkRoom(
  path: string,
  { bytes, copied, free }: { bytes: number; copied: number; free: number },
): void {
  const needed = Math.max(0, bytes - copied) + 64 * MIB;
  if (free >= needed) return;
  throw new Error(
    `${path} has to be made compact, for which ${Math.ceil(needed / MIB)} MiB have to be free beside it, and ` +
      `${Math.floor(free / MIB)} MiB are: make room, or run the program from before the upgrade`,
  );
}

/** What an interrupted process has copied, unless the source was written since. */
function openTarget(target: string, source: string) {
  const found = compactionOf(openDb(target), source);
  if (found) return found;
  removeDatabase(target);
  const made = compactionOf(openDb(target), source);
  if (!made) throw new Error(`${target} cannot be begun`);
  return made;
}

function openDb(path: string): Database {
  closeSync(openSync(path, 'a', 0o600));
  return new BetterSqlite3(path);
}

/** At no moment is there no store: messages would make an empty one. */
function swap(path: string, target: string): void {
  linkSync(path, keptName(path, new Date()));
  syncPath(target);
  renameSync(target, path);
  syncPath(dirname(path));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function freeBeside(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
