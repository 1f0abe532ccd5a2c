import type { Database } from 'better-sqlite3';
import { randomBytes, type KeyObject } from 'node:crypto';
import { deriveDigestKey } from '../send-digest';
import type { RecentEntry } from './recent-entries';
import { createReservedNumbers } from './reserved-numbers';
import { createSharedCommits } from './shared-commits';

/** One write, in a transaction that others may share. */
export interface Transaction {
  /** RFC 3339, the time of all that it writes. */
  at: string;
  /** The store's revision that it makes: what it changes for a listing is stamped with it. */
  rev: number;
  /** Carried out after the work; not when that throws. */
  beforeCommit: (() => void)[];
  /** New messages that it has written. */
  added: RecentEntry[];
}

/** What is kept in memory and saved with some of the commits. */
export interface CommitPart {
  /**
   * After all work of a transaction, before its commit.
   * @param all that the store is closing: what waits is saved now or never
   */
  save(all: boolean): void;
  /** After that commit. */
  saved(): void;
  /** The transaction was rolled back instead, with all that shared it. */
  undone?(): void;
}

/** What the parts of the store share. */
export interface Sqlite {
  db: Database;
  logId: string;
  digestKey: KeyObject;
  now(): Date;
  /** The store's revision, as a listing reports it: whatever is committed later has a higher one. */
  rev(): number;
  /** The next position in the log: they rise, none is given out twice, and there may be gaps. */
  nextPos(): number;
  /** Runs `work` in a transaction, and resolves after its commit; a throw rolls all of it back, and nothing else. */
  write<T>(work: (tx: Transaction) => T): Promise<T>;
  /** A commit of whatever waits by then, without work of its own. */
  commit(): Promise<void>;
  /** From now on it takes part in every commit. */
  takePart(part: CommitPart): void;
  /** Commits all that waits to be written. */
  close(): void;
}

export function createSqlite(
  db: Database,
  { secret, now }: { secret: string; now: () => Date },
): Sqlite {
  db.transaction(() => {
    const insert = db.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)');
    insert.run('log_id', `log_${randomBytes(12).toString('hex')}`);
    insert.run('salt', randomBytes(32));
    insert.run('rev', 0);
  }).immediate();
  const readMeta = db.prepare<[string]>('SELECT value FROM meta WHERE key = ?').pluck();
  const setRev = db.prepare<[number]>("UPDATE meta SET value = ? WHERE key = 'rev'");
  const revs = createReservedNumbers(Number(readMeta.get('rev')), (ceiling) => setRev.run(ceiling));

  const positions = createReservedNumbers(...lastPositionOf(db));

  const parts: CommitPart[] = [revs, positions];
  let isClosing = false;
  const commits = createSharedCommits(db, {
    beforeCommit() {
      for (const part of parts) part.save(isClosing);
    },
    afterCommit() {
      for (const part of parts) part.saved();
    },
    afterRollback() {
      for (const part of parts) part.undone?.();
    },
  });

  function carryOut<T>(work: (tx: Transaction) => T): T {
    const tx: Transaction = {
      at: now().toISOString(),
      rev: revs.next(),
      beforeCommit: [],
      added: [],
    };
    const result = work(tx);
    for (const each of tx.beforeCommit) each();
    return result;
  }

  return {
    db,
    logId: String(readMeta.get('log_id')),
    digestKey: deriveDigestKey(secret, readMeta.get('salt') as Buffer),
    now,
    rev: () => revs.last(),
    nextPos: () => positions.next(),
    write: (work) => commits.write(() => carryOut(work)),
    commit: async () => (isClosing ? undefined : commits.write(() => undefined)),
    takePart: (part) => void parts.push(part),
    close() {
      isClosing = true;
      commits.write(() => undefined).catch(() => undefined);
      commits.flush();
    },
  };
}

/** As AUTOINCREMENT has it, which writes its table only for a position beyond what stands there. */
function lastPositionOf(db: Database): [number, (ceiling: number) => void] {
  const read = db.prepare<[]>("SELECT seq FROM sqlite_sequence WHERE name = 'log'").pluck();
  const update = db.prepare<[number]>("UPDATE sqlite_sequence SET seq = ? WHERE name = 'log'");
  const insert = db.prepare<[number]>("INSERT INTO sqlite_sequence (name, seq) VALUES ('log', ?)");
  return [
    Number(read.get() ?? 0),
    (ceiling) => {
      if (update.run(ceiling).changes === 0) insert.run(ceiling);
    },
  ];
}
