import type { MessengerError } from '@agent-messenger/sdk';
import { connectAgent, connectClient, createRest } from '@agent-messenger/sdk';
import { createPerson, startStack, waitFor, type Stack } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminError } from '../src/admin/admin-error';
import { runAdmin } from '../src/admin/run-admin';
import { UsageError } from '../src/command-line';

let stack: Stack;
let url: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'am-admin-'));
  stack = await startStack();
  url = stack.gateways[0]!.url;
}, 60_000);
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** What the command printed. */
async function admin(
  args: string[],
  { secret = '', env = {} }: { secret?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const lines: string[] = [];
  await runAdmin([...args, '--url', url, '--data-dir', stack.dataDir], {
    env,
    print: (line) => lines.push(line),
    warn: (line) => lines.push(line),
    askSecret: async () => secret,
  });
  return lines.join('\n');
}

async function adminJson<T>(args: string[], options?: Parameters<typeof admin>[1]): Promise<T> {
  return JSON.parse(await admin([...args, '--json'], options)) as T;
}

interface Created {
  agent: { id: string };
  api_key: string;
  key_id: string;
}

const failure = (code: string) => expect.objectContaining({ code }) as MessengerError;
const tokenOf = (apiKey: string) => createRest(url).request('agentToken', {}, { bearer: apiKey });

test('an agent: created, listed, its key rotated with overlap and revoked', async () => {
  const created = await adminJson<Created>(['create-agent', 'Clerk', '--model', 'm1']);
  expect(await admin(['list-agents'])).toContain(`${created.agent.id}  offline  Clerk`);
  await expect(tokenOf(created.api_key)).resolves.toMatchObject({ agent_id: created.agent.id });

  const next = await adminJson<Created>([
    'rotate-key',
    created.agent.id,
    '--replaces',
    created.key_id,
    '--overlap',
    '600',
  ]);
  await expect(tokenOf(next.api_key)).resolves.toMatchObject({ agent_id: created.agent.id });
  await expect(tokenOf(created.api_key)).resolves.toMatchObject({ agent_id: created.agent.id });
  const shown = await admin(['list-agents', '--keys']);
  expect(shown).toMatch(new RegExp(`${created.key_id}  until 20`));
  expect(shown).not.toContain(next.api_key);

  const agent = await connectAgent({ url, apiKey: next.api_key });
  const ended = new Promise((resolve) => agent.on('ended', resolve));
  await admin(['revoke-key', created.agent.id, next.key_id]);
  await expect(ended).resolves.toMatchObject({ code: 'revoked' });
  await expect(tokenOf(next.api_key)).rejects.toEqual(failure('unauthorized'));
  await agent.close({ deadlineMs: 0 });
});

test('a key that leaked: without an overlap it ends at once, and with it the connection', async () => {
  const { agent: clerk, api_key, key_id } = await adminJson<Created>(['create-agent', 'Clara']);
  const agent = await connectAgent({ url, apiKey: api_key });
  const ended = new Promise((resolve) => agent.on('ended', resolve));
  const rotation = ['rotate-key', clerk.id, '--replaces', key_id, '--overlap', '0'];
  const next = await adminJson<Created>(rotation);
  await expect(ended).resolves.toMatchObject({ code: 'revoked' });
  await expect(tokenOf(api_key)).rejects.toEqual(failure('unauthorized'));
  await expect(tokenOf(next.api_key)).resolves.toMatchObject({ agent_id: clerk.id });
  expect(await admin(['list-agents', '--keys'])).toMatch(new RegExp(`${key_id}  revoked 20`));
  await agent.close({ deadlineMs: 0 });
});

test('a person: created, given a new password, exported and erased', async () => {
  const { user_id } = await adminJson<{ user_id: string }>(['create-user', 'ada.l'], {
    secret: 'a first pass phrase',
  });
  const { agent, api_key } = await adminJson<Created>(['create-agent', 'Echo']);
  const echo = await connectAgent({ url, apiKey: api_key });
  echo.onMessage((message, reply) => reply.send(`re: ${message.content}`));

  await admin(['reset-password', 'ada.l'], { secret: 'another pass phrase' });
  const login = (password: string) =>
    connectClient({ url, username: 'ada.l', password, connectTimeoutMs: 10_000 });
  await expect(login('a first pass phrase')).rejects.toEqual(failure('unauthorized'));
  const client = await login('another pass phrase');
  const conversation = await client.openConversation({ agent_id: agent.id });
  await conversation.send('a private word');
  await waitFor(
    async () => (await conversation.history({ limit: 10 })).messages.length === 2 || undefined,
    { describe: 'the answer' },
  );

  const out = join(folder, 'ada.ndjson');
  await admin(['export-user', 'ada.l', '--out', out]);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const records = readFileSync(out, 'utf8').trim().split('\n');
  const types = records.map((line) => (JSON.parse(line) as { type: string }).type);
  expect(types).toEqual(expect.arrayContaining(['user', 'session', 'conversation', 'message']));
  expect(records.join()).toContain('re: a private word');
  await expect(admin(['export-user', 'ada.l', '--out', out])).rejects.toThrow(/EEXIST/);

  const ended = new Promise((resolve) => client.on('ended', resolve));
  await expect(admin(['erase-user', 'ada.l'])).rejects.toThrow(/repeat with --yes/);
  await admin(['erase-user', 'ada.l', '--yes']);
  await expect(ended).resolves.toMatchObject({ code: 'revoked' });
  await expect(admin(['reset-password', user_id], { secret: 'x'.repeat(12) })).rejects.toThrow(
    /not_found/,
  );
  await Promise.all([client.close({ deadlineMs: 0 }), echo.close({ deadlineMs: 0 })]);
});

test('what is wrong is said in one line, with an exit code', async () => {
  await expect(admin(['frobnicate'])).rejects.toThrow(UsageError);
  await expect(admin(['create-agent'])).rejects.toThrow(UsageError);
  await expect(admin(['list-agents', '--frob'])).rejects.toThrow(UsageError);
  await expect(admin(['rotate-key', 'agt_x', '--overlap', 'soon'])).rejects.toThrow(UsageError);
  await expect(admin(['revoke-key', 'agt_1', 'abc'])).rejects.toThrow(/not_found/);
  await expect(admin(['create-user', 'bob'], { secret: 'short' })).rejects.toThrow(
    /invalid_payload/,
  );
  await expect(admin(['list-agents'], { env: { ADMIN_API_KEY: 'w'.repeat(40) } })).rejects.toThrow(
    /unauthorized/,
  );
  const elsewhere = runAdmin(['list-agents', '--url', url, '--data-dir', folder], {
    env: {},
    print: () => undefined,
    warn: () => undefined,
    askSecret: async () => '',
  });
  await expect(elsewhere).rejects.toThrow(/no admin key/);
});

test('what comes from the system is said in one line as well', async () => {
  await expect(admin(['restore', '--latest', '/nowhere'])).rejects.toThrow(AdminError);
  await expect(admin(['backup', '--to', __filename])).rejects.toThrow(AdminError);
  const wrongUrl = runAdmin(['list-agents', '--url', '--json'], {
    env: { ADMIN_API_KEY: stack.adminKey },
    print: () => undefined,
    warn: () => undefined,
    askSecret: async () => '',
  });
  await expect(wrongUrl).rejects.toThrow(UsageError);
});

test('settings that are there and empty are not set', async () => {
  const env = { AGENT_MESSENGER_URL: '', ADMIN_API_KEY_FILE: '', DB_PATH: '' };
  await expect(admin(['list-agents'], { env })).resolves.toContain('Clerk');
  const to = join(folder, 'empty-settings');
  await expect(admin(['backup', '--to', to], { env })).resolves.toContain('verified');
});

test('a person is found by its name as it may be typed, also when that begins like an id', async () => {
  const secret = 'a first pass phrase';
  await admin(['create-user', 'usr_bea'], { secret });
  await expect(admin(['reset-password', ' USR_Bea'], { secret })).resolves.toContain('usr_bea');
});

test('an export that fails leaves no part of it, and touches no file that was there', async () => {
  await admin(['create-user', 'carl'], { secret: 'a first pass phrase' });
  const to = join(folder, 'exports');
  mkdirSync(to);
  const out = join(to, 'carl.ndjson');
  // Its first page is answered, the second is not.
  let pages = 0;
  const gateway = createServer((request, response) => {
    if (request.url?.includes('/export') && (pages += 1) > 1) return request.socket.destroy();
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(
        request.url?.includes('/export')
          ? { records: [{ type: 'user', data: {} }], next_cursor: 'more' }
          : { users: [{ id: 'usr_1', username: 'carl' }], next_cursor: null },
      ),
    );
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const { port } = gateway.address() as AddressInfo;
  const broken = runAdmin(['export-user', 'carl', '--out', out], {
    env: { ADMIN_API_KEY: stack.adminKey, AGENT_MESSENGER_URL: `http://127.0.0.1:${port}` },
    print: () => undefined,
    warn: () => undefined,
    askSecret: async () => '',
  });
  await expect(broken).rejects.toThrow(/unreachable/);
  gateway.close();
  expect(readdirSync(to)).toEqual([]);
  await admin(['export-user', 'carl', '--out', out]);
  const exported = readFileSync(out, 'utf8');
  await expect(admin(['export-user', 'carl', '--out', out])).rejects.toThrow(/EEXIST/);
  expect(readFileSync(out, 'utf8')).toBe(exported);
});

test('backups: verified, the newest kept, and nothing that is none is called like one', async () => {
  const to = join(folder, 'backups');
  await createPerson(url);
  const files: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const taken = await adminJson<{ file: string; pruned: string[] }>([
      'backup',
      '--to',
      to,
      '--keep',
      '2',
    ]);
    expect(statSync(taken.file).mode & 0o777).toBe(0o600);
    files.push(taken.file);
    expect(taken.pruned).toEqual(n === 2 ? [files[0]] : []);
  }
  await expect(admin(['restore'])).rejects.toThrow(UsageError);
  await expect(admin(['restore', '--latest', folder])).rejects.toThrow(/no backup in/);
  await expect(admin(['restore', files[1]!])).rejects.toThrow(/stop messages first/);
  await expect(admin(['restore', join(folder, 'none.db')])).rejects.toThrow(/there is no backup/);
  await expect(admin(['backup', '--to', to, '--db', join(folder, 'no.db')])).rejects.toThrow(
    /there is no store/,
  );
});

test('backups again and again, also after one that failed, until it is stopped', async () => {
  const to = join(folder, 'again');
  const entry = join(__dirname, '..', 'dist', 'admin.js');
  const options = ['--to', to, '--every', '1', '--db', join(folder, 'not-yet.db')];
  const command = spawn(process.execPath, [entry, 'backup', ...options]);
  const [complaint] = (await once(command.stderr, 'data')) as [Buffer];
  expect(complaint.toString()).toMatch(/backup failed: there is no store/);
  expect(command.exitCode).toBeNull();
  command.kill();
  await once(command, 'exit');
  await expect(admin(['backup', '--to', to, '--every', 'day'])).rejects.toThrow(UsageError);
  // Timers would take it for no time at all.
  await expect(admin(['backup', '--to', to, '--every', '720'])).rejects.toThrow(UsageError);
});

test('the doctor finds a healthy system healthy, and says what to do about a sick one', async () => {
  const REDIS_URL = stack.redis.url;
  const healthy = await admin(['doctor'], { env: { REDIS_URL } });
  expect(healthy).toMatch(/^ok {4}gateway → redis/m);
  expect(healthy).toMatch(/^ok {4}REDIS_URL version: 7/m);
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

test('the doctor of a gateway elsewhere looks for no store here', async () => {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  await runAdmin(['doctor', '--url', url], {
    env: {},
    print,
    warn: print,
    askSecret: async () => '',
  });
  expect(lines.join('\n')).toMatch(/^ok +store: none is here/m);
});

test('the doctor goes on when something cannot be looked at', async () => {
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  const backups = join(folder, 'old-backups');
  mkdirSync(backups);
  // Copied a moment ago, and old nevertheless.
  writeFileSync(join(backups, 'messages-2026-01-02T03-04-05-678Z.db'), '');
  const redisUrl = join(folder, 'redis-url');
  writeFileSync(redisUrl, stack.redis.url.replace('//', '//nobody:wrong@'), { mode: 0o600 });
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
    /^FAIL {2}REDIS_URL: WRONGPASS.*\n.*correct user and password/m,
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
