import type { Event } from '@agent-messenger/contracts';
import type { Database } from 'better-sqlite3';
import { packMessageId, packTime, packUuid } from '../packed';
import { EVENT_TYPES, numberOf } from '../../message-rows';
import { COMPACT_SCHEMA } from './compact-schema';
import {
  COMPACT_SUMS,
  COPIED,
  COPY_LOG,
  COPY_SEQUENCES,
  COPY_TABLES,
  WIDE_SUMS,
} from './copy-tables';
import { COMPACT_VERSION, versionOf } from './steps';

/** How far the log is copied. Kept in the target, in the transaction of what was copied. */
export interface Progress {
  pos: number;
  events: number;
}

export interface Compaction {
  readonly progress: Progress;
  /** Copies the next events; false at the end. */
  copy(events: number): boolean;
  /** Compares, and makes it a store. */
  finish(events: number): void;
  close(): void;
}

/** Key of the progress in `meta`; a store has none. */
const KEY = 'compaction';

/**
 * A compaction into this database, which is empty or has what an earlier process copied. Undefined, and closed, when it
 * has something else: of an older state of the source, for instance.
 */
export function compactionOf(db: Database, source: string): Compaction | undefined {
  let progress: Progress;
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma(`cache_size = ${-64 * 1024}`);
    db.prepare('ATTACH ? AS wide').run(source);
    define(db);
    const rev = Number(
      db.prepare("SELECT value FROM wide.meta WHERE key = 'rev'").pluck().get() ?? 0,
    );
    if (isEmpty(db)) begin(db, rev);
    const found = readProgress(db);
    if (found?.rev !== rev) {
      db.close();
      return undefined;
    }
    progress = { pos: found.pos, events: found.events };
  } catch (error) {
    db.close();
    if (isDamaged(error)) return undefined;
    throw error;
  }
  const chunkEnd = db
    .prepare<[number, number], number | null>(
      'SELECT max(pos) FROM (SELECT pos FROM wide.events WHERE pos > ? ORDER BY pos LIMIT ?)',
    )
    .pluck();
  const copyLog = db.prepare<{ from: number; to: number }>(COPY_LOG);
  const sums = [WIDE_SUMS, COMPACT_SUMS].map((sql) =>
    db.prepare<{ from: number; to: number }>(sql),
  );
  const save = db.prepare<[string]>(
    `UPDATE meta SET value = json_patch(value, ?) WHERE key = '${KEY}'`,
  );

  const copyUpTo = db.transaction((to: number): Progress => {
    const part = { from: progress.pos, to };
    const { changes } = copyLog.run(part);
    const [there, here] = sums.map((each) => JSON.stringify(each.get(part)));
    if (there !== here) {
      throw new Error(`events up to ${to} were not copied as they are: ${there}, now ${here}`);
    }
    const next = { pos: to, events: progress.events + changes };
    save.run(JSON.stringify(next));
    return next;
  });

  return {
    get progress() {
      return progress;
    },
    copy(events) {
      const to = chunkEnd.get(progress.pos, events);
      if (typeof to !== 'number') return false;
      progress = copyUpTo(to);
      return true;
    },
    finish(events) {
      if (progress.events !== events) {
        throw new Error(`${events} events were to be copied, and ${progress.events} were`);
      }
      db.transaction(() => {
        compareCounts(db);
        db.exec(COPY_SEQUENCES);
        // Offsets may have moved since the begin.
        db.exec(`DELETE FROM meta; INSERT INTO meta (key, value) SELECT key, value FROM wide.meta`);
        db.pragma(`user_version = ${COMPACT_VERSION}`);
      })();
      db.exec('DETACH wide');
      if (db.pragma('journal_mode = DELETE', { simple: true }) !== 'delete') {
        throw new Error('the compact store could not be closed');
      }
    },
    close: () => void db.close(),
  };
}

function define(db: Database): void {
  const nullable = <T>(pack: (text: string) => T) => {
    return (text: unknown) => (typeof text === 'string' ? pack(text) : null);
  };
  db.function('pack_uuid', { deterministic: true }, nullable(packUuid));
  db.function('pack_message_id', { deterministic: true }, nullable(packMessageId));
  db.function('pack_time', { deterministic: true }, nullable(packTime));
  db.function('pack_type', { deterministic: true }, (type: unknown) => {
    if (!(EVENT_TYPES as unknown[]).includes(type)) throw new Error(`no such event: ${type}`);
    return numberOf(type as Event['type']);
  });
}

function isEmpty(db: Database): boolean {
  return (
    versionOf(db) === 0 && db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0
  );
}

/** @param rev of the source, which every write raises */
function begin(db: Database, rev: number): void {
  db.transaction(() => {
    db.exec(COMPACT_SCHEMA);
    db.exec(COPY_TABLES);
    const progress = { pos: 0, events: 0, rev };
    db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)').run(KEY, JSON.stringify(progress));
  })();
}

function readProgress(db: Database): (Progress & { rev: number }) | undefined {
  const text = db.prepare<[], string>(`SELECT value FROM meta WHERE key = '${KEY}'`).pluck().get();
  return text === undefined ? undefined : (JSON.parse(text) as Progress & { rev: number });
}

function compareCounts(db: Database): void {
  for (const table of COPIED) {
    const count = (schema: string) =>
      Number(db.prepare(`SELECT count(*) FROM ${schema}.${table}`).pluck().get());
    const [there, here] = [count('wide'), count('main')];
    if (there !== here) throw new Error(`${table}: ${there} rows were to be copied, ${here} were`);
  }
}

/** A process was killed when it had hardly begun, or the machine lost power. */
function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(String((error as { code?: unknown }).code));
}
