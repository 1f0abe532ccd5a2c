import { startStack, type Stack } from '@agent-messenger/testkit';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { runAdmin } from '../src/admin/run-admin';

const HOUR_S = 3_600;

let stack: Stack;
let database: string;
beforeAll(async () => {
  stack = await startStack();
  database = join(stack.dataDir, 'messages.db');
}, 60_000);
afterAll(() => stack.stop(), 60_000);

async function admin(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const options = ['--url', stack.gateways[0]!.url, '--data-dir', stack.dataDir];
  await runAdmin([...args, ...options], {
    env: {},
    print: say,
    warn: say,
    askSecret: async () => '',
  }).catch((error: Error) => say(error.message));
  return lines.join('\n');
}

/** As Prometheus sees it, hours. */
async function age(): Promise<number> {
  const text = await (await fetch(`${stack.messages.internalUrl}/metrics`)).text();
  const [, seconds] = /^messages_backup_age_seconds (\S+)$/m.exec(text) ?? [];
  return Number(seconds) / HOUR_S;
}

/** Lets a file be older than it is. */
function backdate(file: string, hours: number): void {
  const at = Date.now() / 1_000 - hours * HOUR_S;
  utimesSync(file, at, at);
}

test('the age of the last backup: metric and doctor know it, and a store that never had one', async () => {
  expect(await age()).toBeLessThan(1);
  expect(await admin('doctor')).toContain('WARN  last backup: none yet');

  // As a store that is two days old; a restart changes nothing about that.
  await stack.messages.stop();
  backdate(`${database}.lock`, 48);
  await stack.messages.start();
  expect(await age()).toBeCloseTo(48, 1);
  expect(await admin('doctor')).toContain('FAIL  last backup: none');

  const to = join(stack.dataDir, 'backups');
  expect(await admin('backup', '--to', to)).toContain('verified');
  expect(await age()).toBeLessThan(1);
  expect(await admin('doctor')).toContain('ok    last backup: 0 h ago');
  const stamp = `${database}.last-backup`;
  expect(statSync(stamp).mode & 0o777).toBe(0o600);
  const [name] = readdirSync(to).filter((file) => file.startsWith('messages-'));
  expect(JSON.parse(readFileSync(stamp, 'utf8'))).toMatchObject({ file: join(to, name!) });

  backdate(stamp, 30);
  expect(await age()).toBeCloseTo(30, 1);
  expect(await admin('doctor')).toContain('FAIL  last backup: 30 h ago');

  // By a clock that was three hours ahead: nobody takes it for a new one.
  backdate(stamp, -3);
  expect(await age()).toBeCloseTo(-3, 1);
  expect(await admin('doctor')).toMatch(/WARN {2}last backup: -3 h ago[^]*the clock was set back/);
}, 60_000);

test('a backup that failed leaves no stamp, and a stamp that cannot be left is said', async () => {
  const stamp = `${database}.last-backup`;
  backdate(stamp, 30);
  const file = join(stack.dataDir, 'admin_api_key', 'no-folder');
  expect(await admin('backup', '--to', file)).toMatch(/ENOTDIR/);
  expect(await age()).toBeCloseTo(30, 1);

  rmSync(stamp);
  mkdirSync(stamp);
  expect(await admin('backup', '--to', join(stack.dataDir, 'more'))).toMatch(
    /messages-.*\.db is complete, but not stamped: EISDIR/,
  );
  expect(readdirSync(stack.dataDir).filter((name) => name.endsWith('.new'))).toEqual([]);
}, 60_000);
