import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const root = join(__dirname, '..', '..');
/** Not there in a fresh clone. */
const MADE = ['node_modules', 'dist', '.data'];

let clone: string;
beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'am-clone-'));
  for (const name of ['package.json', 'tools']) {
    const filter = (path: string) => !MADE.includes(basename(path));
    cpSync(join(root, name), join(clone, name), { recursive: true, filter });
  }
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

test.each(['start', 'admin', 'chat', 'bench'])(
  'npm run %s -- --help needs no installation, and makes none',
  (command) => {
    const args = ['run', '--silent', command, '--', '--help'];
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: clone, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(command === 'start' ? 'npm start' : `npm run ${command} -- `);
    expect(readdirSync(clone).sort()).toEqual(['package.json', 'tools']);
  },
);
