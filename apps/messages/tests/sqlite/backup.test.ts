import Database from 'better-sqlite3';
import { spawnSync } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreBackup } from '../../src/store/sqlite/backup/restore-backup';
import { takeBackup } from '../../src/store/sqlite/backup/take-backup';
import { lockFile } from '../../src/store/sqlite/files/lock-file';
import { BUNDLE_ENV, bundleProgram } from '../bundle-program';

const folders: string[] = [];
const open: Database.Database[] = [];
afterEach(() => {
  for (const db of open.splice(0)) db.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'am-backup-'));
  folders.push(folder);
  return folder;
}

/** A store with so many events; as messages leaves it when it is killed, the newest are in the log only. */
function makeStore(path: string, { events, inLog = 0 }: { events: number; inLog?: number }): void {
  const folder = makeFolder();
  const original = join(folder, 'x.db');
  const db = new Database(original);
  open.push(db);
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, value); CREATE TABLE log (text TEXT)');
  db.exec("INSERT INTO meta VALUES ('log_id', 'log_1')");
  const insert = db.prepare('INSERT INTO log VALUES (?)');
  const add = db.transaction((from: number, to: number) => {
    for (let n = from; n < to; n += 1) insert.run(`event ${n} `.repeat(50));
  });
  add(0, events);
  db.pragma('wal_checkpoint(TRUNCATE)');
  add(events, events + inLog);
  copyFileSync(original, path);
  if (inLog > 0) copyFileSync(`${original}-wal`, `${path}-wal`);
}

/** How many events are in a store that is whole; it is not changed by looking. */
function eventsIn(path: string): number {
  const copy = join(makeFolder(), 'x.db');
  for (const part of ['', '-wal', '-journal']) {
    if (existsSync(path + part)) copyFileSync(path + part, copy + part);
  }
  const db = new Database(copy);
  open.push(db);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  return Number(db.prepare('SELECT count(*) FROM log').pluck().get());
}

/** A backup with 300 events, and a store with 900 of which 400 are in its log. */
function makeScene(): { folder: string; backup: string; database: string } {
  const folder = makeFolder();
  const scene = {
    folder,
    backup: join(folder, 'backup.db'),
    database: join(folder, 'messages.db'),
  };
  makeStore(scene.backup, { events: 300 });
  makeStore(scene.database, { events: 500, inLog: 400 });
  return scene;
}

test('the store that was there is kept, with what was in its log', () => {
  const { backup, database } = makeScene();
  const { events, previous } = restoreBackup(backup, database);
  expect([events, eventsIn(database), eventsIn(String(previous))]).toEqual([300, 300, 900]);
});

test('a log that a lost store left is not carried out on the restored one', () => {
  const { backup, database } = makeScene();
  rmSync(database);
  const { previous } = restoreBackup(backup, database);
  expect(existsSync(`${database}-wal`)).toBe(false);
  expect(previous).toMatch(/messages\.db\.before-restore-.*-wal$/);
  expect(eventsIn(database)).toBe(300);
});

test('nor is the journal of a restore that was interrupted', () => {
  const { folder, backup, database } = makeScene();
  const other = join(folder, 'other.db');
  makeStore(other, { events: 200 });
  const db = new Database(other);
  open.push(db);
  db.pragma('journal_mode = DELETE');
  db.pragma('cache_size = 1');
  db.exec("BEGIN; UPDATE log SET text = 'changed'");
  copyFileSync(`${other}-journal`, `${database}.restoring-journal`);
  restoreBackup(backup, database);
  expect(eventsIn(database)).toBe(300);
});

test('a store that is too damaged for its log is kept beside it', () => {
  const { backup, database } = makeScene();
  writeFileSync(database, 'this is no database any more');
  const { previous } = restoreBackup(backup, database);
  expect(eventsIn(database)).toBe(300);
  expect(statSync(`${previous}-wal`).size).toBeGreaterThan(0);
});

test('the store of a machine that crashed can be restored, with what is in its log', () => {
  const { folder, database } = makeScene();
  const elsewhere = join(folder, 'restored', 'messages.db');
  expect(restoreBackup(database, elsewhere).events).toBe(900);
  expect(eventsIn(elsewhere)).toBe(900);
});

test('a link to the store remains one', () => {
  const { folder, backup, database } = makeScene();
  const link = join(folder, 'link.db');
  symlinkSync(database, link);
  expect(restoreBackup(backup, link).database).toBe(database);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(eventsIn(database)).toBe(300);
});

test('what root restores belongs to the owner of the store', () => {
  if (process.getuid?.() !== 0) return;
  const { folder, backup, database } = makeScene();
  chownSync(database, 4_321, 4_322);
  restoreBackup(backup, database);
  for (const file of [database, `${database}.lock`]) expect(statSync(file).uid).toBe(4_321);
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  chownSync(empty, 4_323, 4_323);
  restoreBackup(backup, join(empty, 'messages.db'));
  expect(readdirSync(empty).map((name) => statSync(join(empty, name)).uid)).toEqual([4_323, 4_323]);
});

test('killed at any moment, a restore leaves a store that is whole and can be restored again', () => {
  const entry = join(__dirname, '../../src/bin/restore-store.ts');
  const program = bundleProgram(entry, makeFolder());
  const killing = ['--require', join(__dirname, 'fixtures/kill-at.cjs')];
  const restoreUntil = (change: number, { backup, database }: ReturnType<typeof makeScene>) =>
    spawnSync(process.execPath, [...killing, program, database, '--backup', backup], {
      env: { ...BUNDLE_ENV, KILL_AT: String(change) },
    });
  let change = 1;
  for (; ; change += 1) {
    const scene = makeScene();
    const { status, signal } = restoreUntil(change, scene);
    if (status === 0) break;
    expect(signal).toBe('SIGKILL');
    expect([300, 900]).toContain(eventsIn(scene.database));
    restoreBackup(scene.backup, scene.database);
    expect(eventsIn(scene.database)).toBe(300);
    const kept = readdirSync(scene.folder).filter((name) => /before-restore-[\dTZ-]+$/.test(name));
    expect(kept.map((name) => eventsIn(join(scene.folder, name)))).toContain(900);
  }
  // Otherwise it was not killed at all.
  expect(change).toBeGreaterThan(6);
}, 60_000);

test('of two backups to one folder at once the second is refused', async () => {
  const { folder, database } = makeScene();
  const to = join(folder, 'backups');
  const both = await Promise.allSettled([takeBackup(database, to), takeBackup(database, to)]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(JSON.stringify(both.map((one) => 'reason' in one && String(one.reason)))).toMatch(
    /another backup to .* is under way/,
  );
  expect((await takeBackup(database, to)).events).toBe(900);
});

test('what a killed backup left is removed by the next', async () => {
  const { folder, database } = makeScene();
  const to = join(folder, 'backups');
  mkdirSync(join(to, '.backup'), { recursive: true });
  writeFileSync(join(to, '.backup', 'copy.db'), 'half of it');
  const { file } = await takeBackup(database, to);
  expect(readdirSync(to).map((name) => join(to, name))).toEqual([`${to}/.backup.lock`, file]);
});

test('a lock that cannot be had is not called taken', () => {
  const file = join(makeFolder(), 'nowhere', 'x.lock');
  expect(() => lockFile(file, 'taken')).toThrow(/x\.lock cannot be locked: Cannot open database/);
  const held = join(makeFolder(), 'x.lock');
  const lock = lockFile(held, 'taken');
  expect(() => lockFile(held, 'taken')).toThrow(/^taken$/);
  lock.release();
  lockFile(held, 'taken').release();
});
