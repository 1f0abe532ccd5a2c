import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '@agent-messenger/service-kit';
import { configSchema } from './config';

const required = {
  INTERNAL_JWT_SECRET: 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc',
  REDIS_URL: 'redis://127.0.0.1:6379',
  MESSAGES_URL: 'http://messages:9090',
};
const JWT_SECRET = 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac';
const pemOf = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
const JWT_PRIVATE_KEY = pemOf('P-256');
const load = (env: NodeJS.ProcessEnv) => loadConfig(configSchema, { ...required, ...env });
const problemsOf = (env: NodeJS.ProcessEnv) => {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  return [];
};

test.each([
  ['a secret', { JWT_SECRET }],
  ['a private key', { JWT_PRIVATE_KEY }],
  ['both, while changing from one to the other', { JWT_SECRET, JWT_PRIVATE_KEY }],
  ['a secret and published keys', { JWT_SECRET, JWT_PREVIOUS_KEYS: JWT_PRIVATE_KEY }],
])('signs with %s', (_what, env) => {
  expect(load(env)).toMatchObject(env);
});

test('something to sign with is required, and told together with all else', () => {
  expect(problemsOf({})).toEqual(['JWT_SECRET: is required, unless JWT_PRIVATE_KEY is set']);
  expect(problemsOf({ BCRYPT_COST: '9', JWT_PREVIOUS_KEYS: JWT_PRIVATE_KEY })).toEqual([
    expect.stringMatching(/^BCRYPT_COST: /),
    'JWT_SECRET: is required, unless JWT_PRIVATE_KEY is set',
  ]);
});

test.each([
  ['JWT_SECRET', 'short'],
  ['JWT_SECRET', 'change-me-change-me-change-me-change-me'],
  ['JWT_PRIVATE_KEY', 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac'],
  ['JWT_PRIVATE_KEY', pemOf('P-384')],
  ['JWT_PREVIOUS_KEYS', 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac'],
  ['JWT_PREVIOUS_KEYS', `${JWT_PRIVATE_KEY}${pemOf('P-521')}`],
])('%s is refused when it is bad, without telling it', (name, value) => {
  const problems = problemsOf({ JWT_SECRET, JWT_PRIVATE_KEY, [name]: value });
  expect(problems).toEqual([expect.stringMatching(`^${name}: `)]);
  expect(problems.join()).not.toContain(value);
});

test('a key comes from a file, as secrets do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auth-config-'));
  try {
    const file = join(folder, 'key.pem');
    writeFileSync(file, JWT_PRIVATE_KEY);
    expect(load({ JWT_PRIVATE_KEY_FILE: file }).JWT_PRIVATE_KEY).toBe(JWT_PRIVATE_KEY.trim());
  } finally {
    rmSync(folder, { recursive: true });
  }
});
