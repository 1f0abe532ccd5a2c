import BetterSqlite3 from 'better-sqlite3';
import { createSharedCommits } from './shared-commits';

function create() {
  const db = new BetterSqlite3(':memory:');
  db.exec('CREATE TABLE t (text TEXT CHECK (length(text) > 0))');
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const counts = { before: 0, after: 0, undone: 0 };
  const commits = createSharedCommits(db, {
    beforeCommit: () => void (counts.before += 1),
    afterCommit: () => void (counts.after += 1),
    afterRollback: () => void (counts.undone += 1),
  });
  return {
    ...{ db, counts, commits },
    add: (text: string) =>
      commits.write(() => {
        insert.run(`${text} begun`);
        insert.run(text);
        return text;
      }),
    texts: () => db.prepare('SELECT text FROM t').pluck().all(),
  };
}
const settle = (...calls: Promise<unknown>[]) =>
  Promise.allSettled(calls).then((all) =>
    all.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message)),
  );

test('what is asked for in one turn shares a commit, in order', async () => {
  const { add, texts, counts } = create();
  expect(await settle(add('a'), add('b'), add('c'))).toEqual(['a', 'b', 'c']);
  expect(texts()).toEqual(['a begun', 'a', 'b begun', 'b', 'c begun', 'c']);
  expect(counts).toEqual({ before: 1, after: 1, undone: 0 });
  await add('d');
  expect(counts).toEqual({ before: 2, after: 2, undone: 0 });
});

test('a throw undoes all of its own work, and nothing of the others', async () => {
  const { add, texts, counts } = create();
  const [first, broken, last] = await settle(add('a'), add(''), add('c'));
  expect([first, last]).toEqual(['a', 'c']);
  expect(broken).toMatch(/CHECK constraint failed/);
  expect(texts()).toEqual(['a begun', 'a', 'c begun', 'c']);
  expect(counts).toEqual({ before: 1, after: 1, undone: 0 });
});

test('a database that is full refuses all of them, and has nothing of any', async () => {
  const { db, add, texts, counts } = create();
  db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
  const answers = await settle(add('a'), add('x'.repeat(100_000)), add('c'));
  expect(new Set(answers)).toEqual(new Set(['database or disk is full']));
  expect(texts()).toEqual([]);
  expect(counts).toMatchObject({ after: 0, undone: 1 });
  db.pragma('max_page_count = 1000');
  expect(await add('d')).toBe('d');
});

test('what waits can be committed at once', async () => {
  const { add, texts, commits } = create();
  const asked = add('a');
  commits.flush();
  expect(texts()).toEqual(['a begun', 'a']);
  expect(await asked).toBe('a');
});
