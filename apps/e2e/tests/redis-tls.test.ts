import type { Conversation } from '@agent-messenger/contracts';
import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import {
  createAgent,
  createPerson,
  createTestTls,
  findRoot,
  freePort,
  openTestSocket,
  rest,
  startRedis,
  waitFor,
  type RedisProcess,
} from '@agent-messenger/testkit';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = findRoot();
const folder = mkdtempSync(join(tmpdir(), 'am-tls-'));
const log = createLogger({ name: 'test', level: 'silent' });
const scope = new Scope(log);
const password = randomBytes(24).toString('hex');
const inspector = randomBytes(24).toString('hex');

/** Another one than the line is written for. */
const PREFIX = 'team-1';

/** The line of docs/redis.md that gives our user what it needs, with the password of this test. */
function aclLine(): string {
  const text = readFileSync(join(root, 'docs', 'redis.md'), 'utf8');
  const [line] = /^user messenger .*$/m.exec(text) ?? [];
  if (line === undefined) throw new Error('docs/redis.md has no ACL line');
  return line.replace('>PASSWORD', `>${password}`).replaceAll('am:', `${PREFIX}:`);
}

let redis: RedisProcess;
let tlsPort: number;

beforeAll(async () => {
  const { ca, cert, key } = await createTestTls();
  for (const [name, text] of Object.entries({ ca, cert, key })) {
    writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  }
  const users = ['user default off', `user inspector on >${inspector} ~* &* +@all`, aclLine()];
  writeFileSync(join(folder, 'users.acl'), `${users.join('\n')}\n`, { mode: 0o600 });
  tlsPort = await freePort();
  redis = await startRedis({
    dir: join(folder, 'redis'),
    settings: [
      ...['--tls-port', `${tlsPort}`, '--tls-auth-clients', 'yes'],
      ...['--tls-cert-file', join(folder, 'cert.pem'), '--tls-key-file', join(folder, 'key.pem')],
      ...['--tls-ca-cert-file', join(folder, 'ca.pem'), '--aclfile', join(folder, 'users.acl')],
    ],
  });
});
afterAll(async () => {
  await scope.close();
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

const urlWith = (secret: string) => `rediss://messenger:${secret}@127.0.0.1:${tlsPort}`;

interface Launched {
  child: ChildProcess;
  /** All that it printed. */
  printed(): string;
}

/** `npm start` without what it installs and builds. */
function launch(env: Record<string, string>): Launched {
  const options = { gateways: 2, port: 0, dataDir: join(folder, 'data'), demo: false, json: true };
  const code = `require(${JSON.stringify(join(root, 'tools', 'dist', 'start.js'))}).start(${JSON.stringify(options)})`;
  const settings = { REDIS_PREFIX: PREFIX, LOG_LEVEL: 'debug', ...env };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const child = spawn('env', [...assignments, process.execPath, '-e', code]);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (printed += data.toString()));
  }
  return { child, printed: () => printed };
}

const trust = {
  REDIS_TLS_CA_FILE: join(folder, 'ca.pem'),
  REDIS_TLS_CERT_FILE: join(folder, 'cert.pem'),
  REDIS_TLS_KEY_FILE: join(folder, 'key.pem'),
};

async function inspect(): ReturnType<typeof connectRedis> {
  return connectRedis(`redis://inspector:${inspector}@127.0.0.1:${redis.port}`, {
    name: 'inspector',
    log,
    scope,
  });
}

test('a stack works over TLS with a user that may do only what it needs', async () => {
  const { child, printed } = launch({ REDIS_URL: urlWith(password), ...trust });
  const ready = await waitFor(() => /^\{"ready".*$/m.exec(printed()), { timeoutMs: 60_000 });
  const { gateways, admin_key } = JSON.parse(ready[0]) as { gateways: string[]; admin_key: string };
  const [first = '', second = ''] = gateways;

  const person = await createPerson(first);
  const agent = await createAgent(first, admin_key);
  const bearer = person.access_token;
  const opened = await rest(first, 'POST', '/conversations', {
    bearer,
    body: { agent_id: agent.id },
  });
  const { id } = opened.body as Conversation;
  const token = 'a-token-of-a-phone';
  const phone = { device_id: 'phone', platform: 'fcm', token };
  expect((await rest(first, 'POST', '/push/register', { bearer, body: phone })).status).toBe(204);

  const theAgent = await openTestSocket('ws', first, '/agent', { api_key: agent.api_key }).synced();
  const thePerson = await openTestSocket('socket.io', second, '/client', {
    token: bearer,
  }).synced();
  const conversation_id = id as `cnv_${string}`;
  const { message } = await theAgent.send(id, 'a-1', 'over TLS');
  await thePerson.when('event', ({ seq }) => seq === message.seq);
  // The adapter's part of Redis, presence, and a take-over.
  await theAgent.request('typing', { conversation_id, typing: true });
  await thePerson.when('typing');
  await theAgent.request('status:set', { status: 'busy' });
  await thePerson.when('presence', ({ status }) => status === 'busy');
  await openTestSocket('ws', first, '/client', { token: bearer }).synced();
  await thePerson.when('replaced');
  theAgent.close();
  // Revocation, and the push of what nobody took.
  const { refresh_token } = person;
  expect((await rest(second, 'POST', '/auth/logout', { body: { refresh_token } })).status).toBe(
    204,
  );
  await waitFor(() => logs().includes('"platform":"fcm"') || undefined, { timeoutMs: 20_000 });

  // What operators ask Redis for.
  const headers = { 'x-admin-key': admin_key };
  for (const path of ['/admin/connections', '/admin/push/dead']) {
    expect((await rest(first, 'GET', path, { headers })).status).toBe(200);
  }
  const replay = await rest(first, 'POST', '/admin/push/dead/replay', { headers, body: {} });
  expect(replay.status).toBe(200);

  const admin = await inspect();
  expect(await admin.call('ACL', 'LOG')).toEqual([]);
  // What was really sent, also by scripts: none of it was refused.
  const sent = String(await admin.info('commandstats')).matchAll(
    /^cmdstat_([^:]+):calls=(\d+).*rejected_calls=(\d+)/gm,
  );
  const stats = [...sent].map(([, name = '', calls, rejected]) => ({ name, calls, rejected }));
  expect(stats.filter(({ rejected }) => rejected !== '0')).toEqual([]);
  const names = stats.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'evalsha',
      'publish',
      'spublish',
      'ssubscribe',
      'subscribe',
      'bzpopmin',
    ]),
  );
  const clients = String(await admin.call('CLIENT', 'LIST')).split('\n');
  const ours = clients.filter((line) => line.includes(' user=messenger '));
  expect(ours.length).toBeGreaterThan(8);
  for (const line of ours) expect(line).toContain(` laddr=127.0.0.1:${tlsPort} `);

  child.kill('SIGTERM');
  await once(child, 'close');
  expect(printed() + logs()).not.toContain(password);
}, 120_000);

/** What the services of the launched stack have logged. */
function logs(): string {
  const dir = join(folder, 'data', 'logs');
  return readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), 'utf8'))
    .join('\n');
}

test('that user can do nothing else', async () => {
  const admin = await inspect();
  await admin.set('other:secret', 'x');
  const redisUrl = `redis://messenger:${password}@127.0.0.1:${redis.port}`;
  const messenger = await connectRedis(redisUrl, { name: 'messenger', log, scope });
  await messenger.set(`${PREFIX}:own`, 'x', 'EX', 60);
  expect(await messenger.get(`${PREFIX}:own`)).toBe('x');
  for (const [command, ...args] of [
    ['GET', 'other:secret'],
    ['GET', 'am:own'],
    ['SET', 'other:secret', 'y'],
    ['EVAL', "return redis.call('GET', 'other:secret')", '0'],
    ['SUBSCRIBE', 'other'],
    ['PUBLISH', 'other', 'x'],
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['KEYS', '*'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['MONITOR'],
    ['SHUTDOWN'],
    ['SAVE'],
    ['MODULE', 'LIST'],
    ['REPLICAOF', '127.0.0.1', '1'],
    ['MIGRATE', '127.0.0.1', '1', `${PREFIX}:own`, '0', '10'],
  ] as [string, ...string[]][]) {
    await expect(messenger.call(command, ...args)).rejects.toThrow(
      /NOPERM|No permissions|can't access/,
    );
  }
  expect(await admin.get('other:secret')).toBe('x');
});

test.each<[string, () => Record<string, string>, RegExp]>([
  ['an authority that nobody trusts', () => ({ REDIS_URL: urlWith(password) }), /certificate/],
  ['a wrong password', () => ({ REDIS_URL: urlWith(`wrong-${password}`), ...trust }), /WRONGPASS/],
  [
    'no client certificate',
    () => ({ REDIS_URL: urlWith(password), REDIS_TLS_CA_FILE: trust.REDIS_TLS_CA_FILE }),
    // In TLS 1.3 the alert and the end of the connection race.
    /REDIS_TLS_CERT_FILE|ECONNRESET/,
  ],
  [
    'a prefix that the user may not use',
    () => ({ REDIS_URL: urlWith(password), ...trust, REDIS_PREFIX: 'team-2' }),
    /~team-2:\* &team-2:\*/,
  ],
])('%s stops the start, without a word of the password', async (_what, env, reason) => {
  const { child, printed } = launch(env());
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(printed()).toMatch(reason);
  expect(printed()).toContain(`127.0.0.1:${tlsPort}`);
  expect(printed()).not.toContain(password);
});
