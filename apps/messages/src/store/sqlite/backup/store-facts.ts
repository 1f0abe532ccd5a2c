import BetterSqlite3, { type Database } from 'better-sqlite3';
import { versionOf } from '../schema/steps';

export interface StoreFacts {
  events: number;
  /** Steps of the schema that the file has seen. */
  schema_version: number;
}

/** The table that has the log; `events` in stores that messages makes compact when it starts. */
const LOG_TABLE =
  "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('log', 'events')";
const HAS_META = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'meta'";

/**
 * Opens a file that has to be a store.
 * @param name what to call it in errors
 */
export function openStoreFile(
  file: string,
  { name = file, readonly = false }: { name?: string; readonly?: boolean } = {},
): Database {
  try {
    const db = new BetterSqlite3(file, { fileMustExist: true, readonly });
    db.pragma('schema_version');
    return db;
  } catch (cause) {
    throw new Error(`${name}: ${(cause as Error).message}`, { cause });
  }
}

/** @throws Error when the file is damaged, or is no store */
export function checkStore(db: Database, name: string): StoreFacts {
  try {
    const damage = db.pragma('integrity_check(10)', { simple: true });
    if (damage !== 'ok') throw new Error(`${name} is damaged: ${String(damage)}`);
    if ((db.pragma('foreign_key_check') as unknown[]).length > 0) {
      throw new Error(`${name} is damaged: rows refer to others that are not there`);
    }
    const log = db.prepare<[], string>(LOG_TABLE).pluck().get();
    if (log === undefined || db.prepare(HAS_META).pluck().get() !== 1) {
      throw new Error(`${name} is not a store of Agent Messenger`);
    }
    return {
      events: Number(db.prepare(`SELECT count(*) FROM ${log}`).pluck().get()),
      schema_version: versionOf(db),
    };
  } catch (error) {
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error;
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}
