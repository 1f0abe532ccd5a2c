import { findRoot, startPostgres, startStack, type Stack } from '@agent-messenger/testkit';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAdmin } from '../src/admin/run-admin';
import { rememberStarted } from '../src/find-stack';
import { commandsOf, type Created } from './admin-setup';

let stack: Stack;
let url: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'am-doctor-'));
  stack = await startStack();
  url = stack.gateways[0]!.url;
}, 60_000);
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const { admin, adminJson } = commandsOf(() => stack);

test('the doctor tells who could talk to the agents', async () => {
  const { agent } = await adminJson<Created>(['create-agent', 'Omar']);
  expect(await admin(['doctor'])).toMatch(
    /^WARN {2}registration: open, and .* there for everyone/m,
  );
  const agents = (await admin(['list-agents'])).match(/agt_\S+/g) ?? [];
  expect(agents).toContain(agent.id);
  for (const id of agents) await admin(['update-agent', id, '--access', 'listed']);
  expect(await admin(['doctor'])).toMatch(/^ok {4}registration: open, and no agent/m);
  for (const id of agents) await admin(['update-agent', id, '--access', 'everyone']);
});

test('the doctor finds a healthy system healthy, and says what to do about a sick one', async () => {
  const REDIS_URL = stack.redis.url;
  const healthy = await admin(['doctor'], { env: { REDIS_URL } });
  expect(healthy).toMatch(/^ok {4}gateway → redis/m);
  expect(healthy).toMatch(/^ok {4}REDIS_URL version: .*7/m);
  expect(healthy).toMatch(/^ok {4}REDIS_URL use: write, script and channel under am:/m);
  expect(healthy).toMatch(/^ok {4}store permissions: 600/m);
  expect(healthy).not.toContain('FAIL');

  const findings: string[] = [];
  const sick = runAdmin(['doctor', '--url', 'http://127.0.0.1:1', '--db', '/nowhere/x.db'], {
    env: {
      QUEUE_REDIS_URL: 'redis://127.0.0.1:1',
      JWT_SECRET_FILE: '/nowhere/secret',
      APNS_KEY_PATH: __filename,
      APNS_ORIGIN: 'https://127.0.0.1:1',
    },
    print: (line) => findings.push(line),
    warn: (line) => findings.push(line),
    askSecret: async () => '',
  });
  await expect(sick).rejects.toThrow(/checks failed/);
  const failed = findings
    .filter((line) => line.startsWith('FAIL'))
    .map((line) => line.replace(/^FAIL {2}([^:]+):.*/, '$1'));
  expect(failed).toEqual([
    'gateway',
    'QUEUE_REDIS_URL',
    'store',
    'JWT_SECRET_FILE',
    'APNS_KEY_PATH',
    'APNS_KEY_PATH',
    'APNs server',
  ]);
});

test('of what npm start runs, store and key are for its own addresses', async () => {
  const env = { NPM_START_MEMORY: join(folder, 'memory.json') };
  rememberStarted(stack.dataDir, env);
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const run = (...args: string[]) =>
    runAdmin(args, { env, print, warn: print, askSecret: async () => '' });
  const asked: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    asked.push(request.headers['x-admin-key'] as string | undefined);
    response.writeHead(404).end('{}');
  }).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  const other = ['--url', `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`];
  try {
    await expect(run('list-agents', ...other)).rejects.toThrow(/no admin key/);
    await expect(run('doctor', ...other)).rejects.toThrow(/checks failed/);
    expect(lines.join('\n')).toMatch(/^ok +store: none is here/m);
    const noStore = /says where its store is/;
    await expect(run('backup', '--to', join(folder, 'none'), ...other)).rejects.toThrow(noStore);
    await expect(run('restore', '--latest', folder, ...other)).rejects.toThrow(noStore);
    // Not even of a gateway of its own do the admin routes elsewhere get the key.
    await run('doctor', '--url', url, '--admin-url', other[1] ?? '').catch(() => undefined);
    expect(asked.filter((key) => key !== undefined)).toEqual([]);

    lines.length = 0;
    await run('list-agents', '--url', url);
    await run('list-agents');
    await run('doctor', '--url', url);
    expect(lines.join('\n')).toContain(`store: ${join(stack.dataDir, 'messages.db')}`);
    await expect(run('list-agents', ...other, '--data-dir', stack.dataDir)).rejects.toThrow();
    expect(asked).toContain(stack.adminKey);
  } finally {
    elsewhere.close();
    elsewhere.closeAllConnections();
  }
});

test('the doctor goes on when something cannot be looked at', async () => {
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  const backups = join(folder, 'old-backups');
  mkdirSync(backups);
  // Copied a moment ago, and old nevertheless.
  writeFileSync(join(backups, 'messages-2026-01-02T03-04-05-678Z.db'), '');
  const redisUrl = join(folder, 'redis-url');
  const wrong = Object.assign(new URL(stack.redis.url), { username: 'nobody', password: 'wrong' });
  writeFileSync(redisUrl, wrong.href, { mode: 0o600 });
  const lines: string[] = [];
  const db = join(loop, 'messages.db');
  const sick = runAdmin(['doctor', '--no-gateway', '--db', db, '--backups', backups], {
    env: {
      REDIS_URL_FILE: redisUrl,
      QUEUE_REDIS_URL: 'http://127.0.0.1:1',
      JWT_SECRET_FILE: loop,
      APNS_KEY_PATH: loop,
      APNS_ORIGIN: 'nonsense',
    },
    print: (line) => lines.push(line),
    warn: (line) => lines.push(line),
    askSecret: async () => '',
  });
  await expect(sick).rejects.toThrow(/8 of 9 checks failed/);
  const report = lines.join('\n');
  for (const failed of [
    /^FAIL {2}REDIS_URL: credentials: WRONGPASS.*\n.*correct user and password/m,
    /^FAIL {2}QUEUE_REDIS_URL: is no URL of a Redis/m,
    /^FAIL {2}store: ELOOP/m,
    /^FAIL {2}backup: .*\d{2,} h old/m,
    /^FAIL {2}JWT_SECRET_FILE: ELOOP/m,
    /^FAIL {2}APNS_KEY_PATH: ELOOP/m,
    /^FAIL {2}APNs server: nonsense is no URL/m,
  ]) {
    expect(report).toMatch(failed);
  }
});

test('the doctor looks at PostgreSQL where that is the store, and at no file', async () => {
  const postgres = await startPostgres();
  const entry = join(findRoot(), 'tools', 'dist', 'admin.js');
  const doctor = (DATABASE_URL: string, ...args: string[]) =>
    spawnSync(process.execPath, [entry, 'doctor', '--no-gateway', ...args], {
      env: { DATABASE_URL },
      encoding: 'utf8',
    });
  const failures = (stdout: string) => stdout.match(/(?<=^FAIL {2}).*/gm);
  try {
    const { stdout, stderr, status } = doctor(postgres.url);
    // It is made for tests, and loses what it has with its machine.
    expect(failures(stdout)).toEqual(['PostgreSQL fsync: off', 'PostgreSQL full_page_writes: off']);
    expect(stderr).toMatch(/^admin: 2 of \d+ checks failed$/m);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ok {4}PostgreSQL role: a primary$/m);
    expect(stdout).not.toMatch(/^\w+ +(store|last backup):/m);
    expect(failures(doctor(postgres.url, '--replicas', '40').stdout)?.at(-1)).toMatch(
      /^PostgreSQL connections: .*40 replicas/,
    );
    expect(failures(doctor('mysql://somewhere').stdout)).toEqual([
      expect.stringMatching(/^PostgreSQL: DATABASE_URL: must be postgres:/),
    ]);
  } finally {
    await postgres.stop();
  }
}, 60_000);
