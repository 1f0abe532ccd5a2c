import { ConfigError } from '@agent-messenger/service-kit';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readApnsKey, readServiceAccount } from './read-keys';

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  .privateKey.export(pkcs8)
  .toString();

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'am-keys-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, `${Math.random()}`);
  writeFileSync(path, text);
  return path;
}

function problem(read: () => unknown): string {
  try {
    read();
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

test('the key of APNs is one for ES256', () => {
  expect(readApnsKey(file(ec))).toBe(ec);
  for (const wrong of [rsa, 'nonsense', '']) {
    expect(problem(() => readApnsKey(file(wrong)))).toContain('APNS_KEY_PATH: holds no');
  }
  expect(problem(() => readApnsKey('/nowhere.p8'))).toContain(
    '/nowhere.p8 cannot be read (ENOENT)',
  );
});

test('a service account is JSON or a file of it', () => {
  const account = { project_id: 'p', client_email: 'e@p', private_key: rsa };
  const text = JSON.stringify({ ...account, type: 'service_account' });
  expect(readServiceAccount(text)).toEqual(account);
  expect(readServiceAccount(file(text))).toEqual(account);
});

test('what is wrong with a service account is said without what is in it', () => {
  const account = { project_id: 'p', client_email: 'e@p', private_key: 'THE-KEY' };
  const say = (text: string) => problem(() => readServiceAccount(text));
  expect(say(JSON.stringify(account))).toContain('has no proper private_key');
  expect(say(JSON.stringify({ private_key: ec }))).toContain(
    'has no proper project_id, client_email, private_key',
  );
  const broken = JSON.stringify(account).replace('THE-KEY', 'THE-KEY"');
  expect(say(broken)).toContain('FCM_SERVICE_ACCOUNT: is not JSON');
  expect(say(broken)).not.toContain('THE-KEY');
});
