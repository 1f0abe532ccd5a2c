import Database from 'better-sqlite3';
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AdminError } from '../admin-error';

export interface StoreFacts {
  events: number;
  /** Steps of the schema that the file has seen. */
  schema_version: number;
}

/** The table that has the log; `events` in stores that messages makes compact when it starts. */
const LOG_TABLE =
  "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('log', 'events')";
const HAS_META = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'meta'";

/** What SQLite keeps beside a database, and carries out on whatever file has that name. */
export const LOGS = ['-wal', '-journal'];
/** All that belongs to a database, by how its name goes on. */
export const PARTS = ['', ...LOGS, '-shm'];

/** Throws when that cannot be told: what may not be seen is not missing. */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The file itself, which need not exist, when the path is a link to it: what is beside a store is beside the file. */
export function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realpathSync(dirname(path)), basename(path));
  }
}

/**
 * Opens a file that has to be a store.
 * @param name what to call it in errors
 */
export function openStoreFile(
  file: string,
  { name = file, readonly = false }: { name?: string; readonly?: boolean } = {},
): Database.Database {
  try {
    const db = new Database(file, { fileMustExist: true, readonly });
    db.pragma('schema_version');
    return db;
  } catch (cause) {
    throw new AdminError(`${name}: ${(cause as Error).message}`, { cause });
  }
}

/** @throws AdminError when the file is damaged, or is no store */
export function checkStore(db: Database.Database, name: string): StoreFacts {
  try {
    const damage = db.pragma('integrity_check(10)', { simple: true });
    if (damage !== 'ok') throw new AdminError(`${name} is damaged: ${String(damage)}`);
    if ((db.pragma('foreign_key_check') as unknown[]).length > 0) {
      throw new AdminError(`${name} is damaged: rows refer to others that are not there`);
    }
    const log = db.prepare<[], string>(LOG_TABLE).pluck().get();
    if (log === undefined || db.prepare(HAS_META).pluck().get() !== 1) {
      throw new AdminError(`${name} is not a store of Agent Messenger`);
    }
    return {
      events: Number(db.prepare(`SELECT count(*) FROM ${log}`).pluck().get()),
      schema_version: Number(db.pragma('user_version', { simple: true })),
    };
  } catch (error) {
    if (error instanceof AdminError) throw error;
    throw new AdminError(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
