import BetterSqlite3 from 'better-sqlite3';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE_ENV, bundleProgram } from '../bundle-program';
import { createTempStores } from '../temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

test('killed at any moment, in the middle of a backup or not, it leaves what was committed', async () => {
  const folder = stores.folder();
  const program = bundleProgram(join(__dirname, 'fixtures', 'scrub-until-killed.ts'), folder);
  const path = join(folder, 'x.db');
  closeSync(openSync(path, 'a'));
  for (let round = 0; round < 15; round += 1) {
    const child = fork(program, [path], { env: BUNDLE_ENV });
    let committed = 0;
    child.on('message', (n: number) => (committed = n));
    const ended = once(child, 'exit');
    await once(child, 'message');
    const first = committed;
    const source = new BetterSqlite3(path, { readonly: true });
    const copy = join(folder, `copy-${round}.db`);
    const backup = source.backup(copy, { progress: () => 10 + round * 10 });
    // By the time that it hears of the signal it is anywhere in the next commits and steps.
    while (committed < first + (round % 4)) await once(child, 'message');
    child.kill('SIGKILL');
    await ended;
    await backup;
    source.close();
    for (const file of [path, copy]) {
      const db = new BetterSqlite3(file);
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
      const kept = db.prepare<[], number>('SELECT max(n) FROM commits').pluck().get();
      if (file === path) expect(kept).toBeGreaterThanOrEqual(committed);
      db.close();
    }
  }
}, 60_000);
