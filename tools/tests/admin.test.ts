import type { MessengerError } from '@agent-messenger/sdk';
import { connectAgent, connectClient, createRest } from '@agent-messenger/sdk';
import { createPerson, startStack, waitFor, type Stack } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsOf, type Created } from './admin-setup';
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

const { admin, adminJson } = commandsOf(() => stack);

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
  const rotation = ['rotate-key', clerk.id, '--overlap', '0'];
  const next = await adminJson<Created>(rotation);
  await expect(ended).resolves.toMatchObject({ code: 'revoked' });
  await expect(tokenOf(api_key)).rejects.toEqual(failure('unauthorized'));
  await expect(tokenOf(next.api_key)).resolves.toMatchObject({ agent_id: clerk.id });
  expect(await admin(['list-agents', '--keys'])).toMatch(new RegExp(`${key_id}  revoked 20`));
  await agent.close({ deadlineMs: 0 });

  // Of several it does not guess.
  const other = await adminJson<Created>(['create-key', clerk.id, '--name', 'second']);
  const guess = admin(['rotate-key', clerk.id]);
  await expect(guess).rejects.toThrow(UsageError);
  await expect(guess).rejects.toThrow(new RegExp(`${other.key_id} \\(second, last used never\\)`));
  for (const id of [other.key_id, next.key_id]) await admin(['revoke-key', clerk.id, id]);
  await expect(admin(['rotate-key', clerk.id])).rejects.toThrow(/has no key to replace/);
});

test('a key that leaked while it was being replaced is asked for, and ends', async () => {
  const { agent: clerk, api_key, key_id } = await adminJson<Created>(['create-agent', 'Cora']);
  const agent = await connectAgent({ url, apiKey: api_key });
  const ended = new Promise((resolve) => agent.on('ended', resolve));
  try {
    const next = await adminJson<Created>(['rotate-key', clerk.id, '--overlap', '86400']);

    const leaked = ['rotate-key', clerk.id, '--overlap', '0'];
    const refused = (await admin(leaked).catch((error: Error) => error)) as Error;
    expect(refused).toBeInstanceOf(UsageError);
    expect(refused.message).toMatch(new RegExp(`${key_id} \\([^)]*, until 20`));
    expect(refused.message).toContain(`${next.key_id} (key, last used never)`);
    await expect(tokenOf(next.api_key)).resolves.toMatchObject({ agent_id: clerk.id });

    await adminJson<Created>([...leaked, '--replaces', key_id]);
    await expect(ended).resolves.toMatchObject({ code: 'revoked' });
    await expect(tokenOf(api_key)).rejects.toEqual(failure('unauthorized'));
  } finally {
    await agent.close({ deadlineMs: 0 });
  }
});

test('an agent is renamed and deleted', async () => {
  const { agent } = await adminJson<Created>(['create-agent', 'Dora']);
  await admin(['update-agent', agent.id, '--name', 'Dora II', '--model', 'm2']);
  expect(await admin(['list-agents'])).toContain(`${agent.id}  offline  Dora II`);
  await expect(admin(['update-agent', agent.id])).rejects.toThrow(UsageError);
  await expect(admin(['delete-agent', agent.id])).rejects.toThrow(/repeat with --yes/);
  await admin(['delete-agent', agent.id, '--yes']);
  expect(await admin(['list-agents'])).not.toContain(agent.id);
  await expect(admin(['delete-agent', agent.id, '--yes'])).rejects.toThrow(/not_found/);
});

test('an agent for the people on its list', async () => {
  const person = await createPerson(url);
  const { user_id, username } = person;
  const { agent } = await adminJson<Created>(['create-agent', 'Nora']);
  const listed = ['update-agent', agent.id, '--access', 'listed'];
  expect(await admin(listed)).toContain('for those on its list');
  const begin = () =>
    createRest(url).request(
      'createConversation',
      { body: { agent_id: agent.id as `agt_${string}` } },
      { bearer: person.access_token },
    );
  await expect(begin()).rejects.toMatchObject({ code: 'not_found' });
  expect(await admin(['allow-user', agent.id, username])).toContain('may talk to');
  expect((await begin()).members).toContainEqual(expect.objectContaining({ id: agent.id }));
  expect(await admin(['disallow-user', agent.id, user_id])).toContain('is not on the list');
  await expect(begin()).rejects.toMatchObject({ code: 'not_found' });
  await expect(admin(['allow-user', agent.id, 'nobody.here'])).rejects.toThrow(/no person called/);
  await expect(admin(['update-agent', agent.id, '--access', 'some'])).rejects.toThrow(UsageError);
});

test('a link logs a person in once; it is made on the internal port, found by the data folder', async () => {
  const { user_id, username } = await createPerson(url);
  const lines: string[] = [];
  const options = {
    env: {},
    print: (line: string) => lines.push(line),
    warn: () => undefined,
    askSecret: async () => '',
  };
  await runAdmin(['login-link', username, '--data-dir', stack.dataDir], options);
  const [link = ''] = lines;
  expect(link).toMatch(new RegExp(`^${url}/#link=${user_id}\\.`));
  expect(lines[1]).toMatch(/^works once, until 20/);
  const body = { code: link.split('#link=')[1] ?? '' };
  const redeem = () => createRest(url).request('loginByLink', { body });
  await expect(redeem()).resolves.toMatchObject({ user_id });
  await expect(redeem()).rejects.toEqual(failure('unauthorized'));

  const site = ['--site', 'https://chat.example/am/', '--json', '--data-dir', stack.dataDir];
  await runAdmin(['login-link', user_id, ...site], options);
  const told = JSON.parse(lines.at(-1) ?? '') as { link: string; code: string };
  expect(told.link).toBe(`https://chat.example/am/#link=${told.code}`);
  // By its public port a gateway does not know the route.
  await expect(admin(['login-link', username])).rejects.toThrow(/not_found/);
});

test('a person is disabled and enabled, its sessions and connections listed and ended', async () => {
  const person = await createPerson(url);
  const { user_id, username, password } = person;
  expect(await admin(['list-users'])).toMatch(
    new RegExp(`${user_id}  enabled   ${username}  1 sess`),
  );
  const [session] = [await adminJson<{ id: string }>(['sessions', username])];
  expect(session.id).toMatch(/^ses_/);

  const client = await connectClient({ url, username, password });
  const ended = new Promise((resolve) => client.on('ended', resolve));
  expect(await admin(['connections'])).toContain(user_id);
  await admin(['sessions', username, '--end']);
  await expect(ended).resolves.toMatchObject({ code: 'revoked' });
  await client.close();
  expect(await admin(['sessions', username])).toBe('');

  await admin(['disable-user', username]);
  expect(await admin(['list-users'])).toContain(`${user_id}  disabled  ${username}`);
  const login = () => createRest(url).request('login', { body: { username, password } });
  await expect(login()).rejects.toEqual(failure('unauthorized'));
  await admin(['enable-user', username]);
  await expect(login()).resolves.toMatchObject({ user_id });

  const shown = await admin(['audit', '--identity', user_id, '--last', '3']);
  expect(shown.split('\n')).toHaveLength(3);
  expect(shown).toContain(`user.update ${user_id}`);
  await expect(admin(['audit', '--action', 'nothing'])).rejects.toThrow(UsageError);
  await expect(admin(['connections', '--end', user_id])).resolves.toContain(user_id);
});

test('pushes that were given up are listed and tried again', async () => {
  expect(await admin(['dead-pushes'])).toBe('');
  expect(await admin(['replay-pushes'])).toBe('0 pushes are tried again');
});

test.each([
  [['create-agent', '']],
  [['create-agent', 'x'.repeat(81)]],
  [['create-user', '']],
  [['create-user', 'No Such Name']],
  [['erase-user', '']],
  [['rotate-key', 'agt_1']],
  [['delete-agent', '', '--yes']],
  [['connections', '--end', 'nobody']],
  [['audit', '--last', '0']],
  [['update-agent', 'agt_1', '--name', '']],
])('%j is refused in words that name what is wrong', async (args) => {
  const refused = await admin(args, { secret: 'a first pass phrase' }).catch(
    (error: Error) => error,
  );
  expect(refused).toBeInstanceOf(Error);
  const { message } = refused as Error;
  expect(message).not.toMatch(/Too small|Too big|expected string|Invalid (string|input)|zod|"" /i);
  expect(message).not.toMatch(/""/);
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
