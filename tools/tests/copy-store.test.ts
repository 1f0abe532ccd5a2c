import {
  createAgent,
  findRoot,
  startPostgres,
  startStack,
  type PostgresProcess,
  type Stack,
} from '@agent-messenger/testkit';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runAdmin } from '../src/admin/run-admin';

let folder: string;
let postgres: PostgresProcess;
let stack: Stack;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'am-copy-'));
  postgres = await startPostgres();
  stack = await startStack({ dataDir: join(folder, 'data') });
  await createAgent(stack.gateways[0]!.url, stack.adminKey);
}, 60_000);
afterAll(async () => {
  await stack.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/**
 * As a person types it, who stands in `folder`: npm runs it in the folder of the project, and says where it was called.
 */
async function copyStore(...args: string[]) {
  const entry = join(findRoot(), 'tools', 'dist', 'admin.js');
  const env = { INIT_CWD: folder };
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [entry, 'copy-store', ...args],
      { env, cwd: findRoot() },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const FROM = ['--from', join('data', 'messages.db')];

test('what cannot be copied is said in one line, with what to do, and without the password', async () => {
  const to = (wrong: Partial<URL>) => ['--to', Object.assign(new URL(postgres.url), wrong).href];
  const cases: [string[], RegExp][] = [
    [[...FROM], /^admin: --to, DATABASE_URL or DATABASE_URL_FILE names the database$/],
    [
      [...FROM, '--to', 'mysql://a/b'],
      /^admin: nothing was copied: the database must be postgres:/,
    ],
    [['--from', 'nowhere.db', ...to({})], /nowhere\.db does not exist: --from names the file$/],
    [[...FROM, ...to({})], /in use by another process.*; stop messages first$/],
  ];
  for (const [args, said] of cases) {
    const { code, stderr, stdout } = await copyStore(...args);
    expect(stderr.trim()).toMatch(said);
    expect([code, stdout]).toEqual([args.length === 2 ? 2 : 1, '']);
  }

  await stack.messages.stop();
  writeFileSync(
    join(folder, 'text.db'),
    'no database, and long enough to be read as one\n'.repeat(9),
  );
  const later: [string[], RegExp][] = [
    [
      [...FROM, ...to({ password: 'wrong' })],
      /password authentication failed.* \(the password in DATABASE_URL/,
    ],
    [
      [...FROM, ...to({ port: '1' })],
      /messenger@127\.0\.0\.1:1\/messenger: .*ECONNREFUSED.* \(start it,/,
    ],
    [[...FROM, ...to({ pathname: '/nowhere' })], /"nowhere" does not exist \(CREATE DATABASE/],
    [['--from', 'text.db', ...to({})], /text\.db: file is not a database$/],
  ];
  for (const [args, said] of later) {
    const { code, stderr } = await copyStore(...args);
    expect(stderr.trim()).toMatch(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/:messenger@|:wrong@/);
    expect(code).toBe(1);
  }
}, 60_000);

test('from a path relative to where the person stands; a second time the database is taken', async () => {
  await stack.messages.stop();
  const done = await copyStore(...FROM, '--to', postgres.url);
  expect(done.stdout).toMatch(/^copied and compared: \d+ identities, /);
  expect(done.stdout).toContain(`${basename(folder)}/data/messages.db is as it was`);
  expect(done.code).toBe(0);
  const again = await copyStore(...FROM, '--to', postgres.url);
  expect(again.stderr.trim()).toMatch(
    /nothing was copied: The database has a store already: it has to be empty\.$/,
  );
  expect(again.code).toBe(1);
}, 60_000);

test('backup and restore copy files: of PostgreSQL they say what does it', async () => {
  for (const args of [
    ['backup', '--to', folder],
    ['restore', '--latest', folder],
  ]) {
    const run = runAdmin(args, {
      env: { DATABASE_URL: postgres.url },
      print: () => undefined,
      warn: () => undefined,
      askSecret: async () => '',
    });
    await expect(run).rejects.toThrow(/in PostgreSQL, whose own tools/);
  }
});
