import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createFreeSpace, gapOf } from '../../src/store/sqlite/free-space';
import { createTempStores } from '../temp-store';

const stores = createTempStores();
const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) close();
  await stores.cleanUp();
});

/** Numbers from 0 to 1, the same for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

function open(stepPages?: number) {
  const path = join(stores.folder(), 'x.db');
  closeSync(openSync(path, 'a'));
  const fd = openSync(path, 'r+');
  closers.push(() => closeSync(fd));
  const db = new BetterSqlite3(path);
  closers.push(() => db.close());
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF');
  db.pragma('secure_delete = ON');
  const freeSpace = createFreeSpace(db, {
    path,
    fd,
    ...(stepPages !== undefined && { stepPages }),
  });
  return {
    db,
    path,
    freeSpace,
    scrub() {
      let steps = 1;
      while (freeSpace.scrub()) steps += 1;
      return steps;
    },
    /** How often the text is in the file, when nothing is in the log any more. */
    count(text: string): number {
      db.pragma('wal_checkpoint(TRUNCATE)');
      return readFileSync(path).toString('latin1').split(text).length - 1;
    },
  };
}

/** Rows of all sizes, of which about half are then deleted or edited in no order. */
function fill(db: BetterSqlite3.Database, seed: number): void {
  const random = createRandom(seed);
  db.exec('CREATE TABLE m (id INTEGER PRIMARY KEY, name TEXT UNIQUE, text TEXT)');
  const insert = db.prepare('INSERT INTO m (name, text) VALUES (?, ?)');
  const gone: number[] = [];
  for (let n = 1; n <= 3_000; n += 1) {
    const goes = random() < 0.5;
    if (goes) gone.push(n);
    const text = (goes ? 'GONE' : 'kept').repeat(5 + Math.floor(random() * 60));
    insert.run(`${goes ? 'GONE' : 'kept'}-${random()}`, text);
  }
  const remove = db.prepare('DELETE FROM m WHERE id = ?');
  const edit = db.prepare("UPDATE m SET name = 'other' || id, text = ? WHERE id = ?");
  const order = gone.map((id) => [random(), id] as const).sort(([a], [b]) => a - b);
  for (const [, id] of order) {
    if (random() < 0.5) remove.run(id);
    else edit.run('new'.repeat(1 + Math.floor(random() * 100)), id);
  }
}

test('what SQLite leaves of deleted and edited texts is gone, and everything else is as it was', () => {
  let found = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const { db, scrub, count } = open();
    fill(db, seed);
    found += count('GONE');
    const rows = db.prepare('SELECT * FROM m').all();
    scrub();
    expect(count('GONE')).toBe(0);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.prepare('SELECT * FROM m').all()).toEqual(rows);

    // Nor does it come back with pages that were in the cache.
    db.exec("UPDATE m SET text = 'changed' || id");
    expect(count('GONE')).toBe(0);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  }
  // Otherwise there would be no need for any of this.
  expect(found).toBeGreaterThan(0);
});

test('a pass has steps, and a next one begins when something was written', () => {
  const { db, path, freeSpace, scrub } = open();
  fill(db, 1);
  const insert = db.prepare('INSERT INTO m (text) VALUES (?)');
  db.transaction(() => {
    for (let n = 0; n < 300; n += 1) insert.run('x'.repeat(60_000));
  })();
  expect(scrub()).toBeGreaterThan(2);
  expect(statSync(path).size).toBeGreaterThan(16 * 1024 * 1024);
  expect(scrub()).toBe(1);
  const done = readFileSync(path);
  expect(freeSpace.scrub()).toBe(false);
  expect(readFileSync(path).equals(done)).toBe(true);
  insert.run('more');
  expect(scrub()).toBeGreaterThan(2);
});

test('steps with nothing to clean leave log and cache as they are; what is left in between is found', () => {
  const { db, path, freeSpace, scrub, count } = open(8);
  fill(db, 1);
  scrub();
  db.exec('CREATE TABLE other (text TEXT)');
  const insert = db.prepare('INSERT INTO other (text) VALUES (?)');
  insert.run('begin');
  const pragmas = jest.spyOn(db, 'pragma');
  const emptied = () => pragmas.mock.calls.filter(([text]) => text === 'shrink_memory').length;
  const logBytes = () => statSync(`${path}-wal`).size;

  let steps = 0;
  let bytes = 0;
  while (freeSpace.scrub()) {
    insert.run('between');
    steps += 1;
    expect(logBytes()).toBeGreaterThanOrEqual(bytes);
    bytes = logBytes();
  }
  expect(steps).toBeGreaterThan(5);
  expect(bytes).toBeGreaterThan(0);
  expect(emptied()).toBe(0);

  // Texts that go while a pass is under way are the next one's.
  insert.run('begin');
  expect(freeSpace.scrub()).toBe(true);
  db.exec('DROP TABLE m');
  fill(db, 2);
  scrub();
  scrub();
  expect(emptied()).toBeGreaterThan(0);
  expect(count('GONE')).toBe(0);
});

test('it waits while somebody reads what is still in the log', () => {
  const { db, path, freeSpace, scrub } = open();
  fill(db, 1);
  db.pragma('wal_checkpoint(TRUNCATE)');
  const reader = new BetterSqlite3(path, { readonly: true });
  closers.push(() => reader.close());
  reader.exec('BEGIN');
  const sum = reader.prepare('SELECT sum(length(text)) FROM m').pluck();
  const before = sum.get();
  db.exec("UPDATE m SET text = 'all new'");
  db.pragma('busy_timeout = 10');
  const file = readFileSync(path);
  expect(freeSpace.scrub()).toBe(false);
  expect(readFileSync(path).equals(file)).toBe(true);
  expect(sum.get()).toBe(before);
  reader.exec('COMMIT');
  expect(scrub()).toBeGreaterThan(0);
  expect(reader.pragma('integrity_check', { simple: true })).toBe('ok');
});

const text = fc
  .tuple(
    fc.integer({ min: 0, max: 14 }),
    fc.oneof({ arbitrary: fc.nat(300), weight: 9 }, { arbitrary: fc.nat(20_000), weight: 1 }),
  )
  // What the bytes are that pages begin with.
  .map(([byte, length]) => String.fromCharCode(byte).repeat(length));
const change = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), texts: fc.array(text, { maxLength: 40 }) }),
  fc.record({ kind: fc.constant('update' as const), of: fc.nat(9), text }),
  fc.record({ kind: fc.constant('delete' as const), of: fc.nat(9) }),
  fc.constant({ kind: 'scrub' as const }),
  fc.constant({ kind: 'begin reading' as const }),
  fc.constant({ kind: 'end reading' as const }),
);

test('whatever is written and read between its steps, the database stays as it is', () => {
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 5, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      (changes, stepPages) => {
        const { db, path, freeSpace, scrub } = open(stepPages);
        db.pragma('busy_timeout = 1');
        db.pragma('wal_autocheckpoint = 20');
        db.exec(`CREATE TABLE m (id INTEGER PRIMARY KEY, text TEXT);
          CREATE TABLE k (text TEXT, id INTEGER, PRIMARY KEY (text, id)) WITHOUT ROWID`);
        const model = new Map<number, string>();
        const readers: { db: BetterSqlite3.Database; rows: unknown }[] = [];
        let last = 0;
        const rowsOf = (of: BetterSqlite3.Database) =>
          ['m', 'k'].map((table) => of.prepare(`SELECT id, text FROM ${table} ORDER BY id`).all());
        const write = db.transaction((wanted: (typeof changes)[number]) => {
          if (wanted.kind === 'insert') {
            for (const text of wanted.texts) model.set((last += 1), text);
            for (const [id, text] of [...model].slice(model.size - wanted.texts.length)) {
              for (const table of ['m', 'k']) {
                db.prepare(`INSERT INTO ${table} (id, text) VALUES (?, ?)`).run(id, text);
              }
            }
          } else if (wanted.kind === 'update' || wanted.kind === 'delete') {
            for (const id of [...model.keys()].filter((each) => each % 10 === wanted.of)) {
              if (wanted.kind === 'delete') model.delete(id);
              else model.set(id, wanted.text);
            }
            for (const table of ['m', 'k']) {
              if (wanted.kind === 'delete') {
                db.prepare(`DELETE FROM ${table} WHERE id % 10 = ?`).run(wanted.of);
              } else {
                const update = db.prepare(`UPDATE ${table} SET text = ? WHERE id % 10 = ?`);
                update.run(wanted.text, wanted.of);
              }
            }
          }
        });
        const endReading = () => {
          const reader = readers.shift();
          if (!reader) return;
          expect(rowsOf(reader.db)).toEqual(reader.rows);
          reader.db.close();
        };
        for (const wanted of changes) {
          write(wanted);
          if (wanted.kind === 'scrub') freeSpace.scrub();
          if (wanted.kind === 'end reading') endReading();
          if (wanted.kind === 'begin reading') {
            const reader = new BetterSqlite3(path, { readonly: true });
            reader.exec('BEGIN');
            readers.push({ db: reader, rows: rowsOf(reader) });
          }
        }
        const expected = [...model].map(([id, text]) => ({ id, text }));
        for (const done of [() => undefined, scrub]) {
          done();
          expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
          expect(rowsOf(db)).toEqual([expected, expected]);
          while (readers.length > 0) endReading();
        }
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test('what is no page of a b-tree is left alone', () => {
  const page = Buffer.alloc(4_096);
  expect(gapOf(page)).toBeUndefined();
  fc.assert(
    fc.property(
      fc.constantFrom(2, 5, 10, 13),
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 50 }),
      fc.nat(40),
      (type, sizes, wrong) => {
        page.fill(0);
        const header = type < 10 ? 12 : 8;
        let top = 4_096;
        page.writeUInt8(type, 0);
        page.writeUInt16BE(sizes.length, 3);
        for (const [index, size] of sizes.entries()) {
          top -= size;
          page.writeUInt16BE(top, header + 2 * index);
        }
        page.writeUInt16BE(top, 5);
        expect(gapOf(page)).toEqual({ from: header + 2 * sizes.length, to: top });
        // A cell above where the cells begin: this is something else.
        if (sizes.length === 0) return;
        page.writeUInt16BE(Math.max(0, top - 1 - wrong), header);
        expect(gapOf(page)).toBeUndefined();
        // More cells than there is room for.
        page.writeUInt16BE(4_000, 3);
        expect(gapOf(page)).toBeUndefined();
      },
    ),
  );
});

test('texts in overflow pages are not taken for anything else', () => {
  const { db, scrub } = open();
  db.exec('CREATE TABLE m (id INTEGER PRIMARY KEY, text BLOB)');
  const random = createRandom(7);
  const blobs = Array.from({ length: 40 }, () => {
    const blob = Buffer.alloc(20_000 + Math.floor(random() * 50_000));
    for (let n = 0; n < blob.length; n += 1) blob[n] = [2, 5, 10, 13, 0][Math.floor(random() * 5)]!;
    return blob;
  });
  const insert = db.prepare('INSERT INTO m (text) VALUES (?)');
  for (const blob of blobs) insert.run(blob);
  scrub();
  const read = db.prepare<[], Buffer>('SELECT text FROM m ORDER BY id').pluck().all();
  expect(read.map((blob, index) => blobs[index]?.equals(blob))).toEqual(blobs.map(() => true));
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
});
