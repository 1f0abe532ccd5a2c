import Database from 'better-sqlite3';
import { AdminError } from '../admin-error';

export interface StoreFacts {
  /** Steps of the schema that the file has seen. */
  schemaVersion: number;
  /** Identity of its log. */
  logId: string;
  events: number;
}

/** Opens a file that has to be a store. */
export function openStoreFile(file: string, options: Database.Options = {}): Database.Database {
  try {
    const db = new Database(file, { fileMustExist: true, ...options });
    db.pragma('schema_version');
    return db;
  } catch (cause) {
    throw new AdminError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/** @throws AdminError when the file is damaged, or is no store */
export function checkStore(db: Database.Database): StoreFacts {
  const damage = db.pragma('integrity_check(10)', { simple: true });
  if (damage !== 'ok') throw new AdminError(`${db.name} is damaged: ${String(damage)}`);
  if ((db.pragma('foreign_key_check') as unknown[]).length > 0) {
    throw new AdminError(`${db.name} is damaged: rows refer to others that are not there`);
  }
  try {
    const events = db.prepare('SELECT count(*) FROM events').pluck().get() as number;
    const logId = db.prepare("SELECT value FROM meta WHERE key = 'log_id'").pluck().get();
    const schemaVersion = Number(db.pragma('user_version', { simple: true }));
    return { schemaVersion, logId: String(logId), events };
  } catch (cause) {
    throw new AdminError(`${db.name} is not a store of Agent Messenger`, { cause });
  }
}
