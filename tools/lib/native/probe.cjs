// node probe.cjs [PACKAGE …], in a folder from which packages are found: ends with 0 when better-sqlite3 works on this
// Node, what it has made can be collected as garbage, and the others load.
const { createRequire } = require('node:module');
const { join } = require('node:path');

/** Enough for V8 to collect between tasks too, where an addon has no context. */
const ROUNDS = 50;
const GARBAGE = 20_000;

const load = createRequire(join(process.cwd(), 'package.json'));
const Database = load('better-sqlite3');
for (const name of process.argv.slice(2)) load(name);

function leaveGarbage(roundsLeft) {
  for (let n = 0; n < 20; n += 1) {
    const db = new Database(':memory:');
    for (const row of db.prepare('SELECT 1 UNION SELECT 2').iterate()) if (!row) throw new Error();
    db.close();
  }
  Array.from({ length: GARBAGE }, (_, n) => ({ n }));
  if (roundsLeft > 0) setImmediate(leaveGarbage, roundsLeft - 1);
}

leaveGarbage(ROUNDS);
