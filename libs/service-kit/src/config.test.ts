import fc from 'fast-check';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, loadConfig, secret } from './config';

const schema = z.object({ JWT_SECRET: secret('A secret.'), PORT: z.coerce.number().optional() });
const load = (env: NodeJS.ProcessEnv) => loadConfig(schema, env);

/** The problems with a configuration; none when it is taken. */
function problemsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('a secret', () => {
  test.each([
    ['missing', undefined, 'is required'],
    ['empty', '', 'is required'],
    ['short', 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0A', 'must have at least 32 characters'],
  ])('that is %s is refused', (_what, value, message) => {
    expect(problemsOf({ JWT_SECRET: value })).toEqual([`JWT_SECRET: ${message}`]);
  });

  test.each([
    'your-256-bit-secret-your-256-bit-secret',
    'change-me-change-me-change-me-change-me',
    'changemechangemechangemechangeme',
    'CHANGE_THIS_TO_A_LONG_RANDOM_STRING',
    'my-super-secret-key-for-development-only',
    'please-replace-this-value-in-production',
    '<a random string of 32 characters or more>',
    'passwordpasswordpasswordpassword1',
    'agent-messenger-jwt-hs256-signing-key',
    'this-is-an-example-of-a-long-value-123',
    'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6',
    'insert-a-long-random-string-here-please',
    'todo-todo-generate-with-openssl-rand',
    'local-only-key-do-not-use-in-production',
    'dev-dev-key-dev-key-1234-dev-key-xyz',
    'keyboard cat keyboard cat keyboard cat',
    '01234567890123456789012345678901',
    'abcdefghijklmnopqrstuvwxyzabcdef',
    'a'.repeat(64),
    'abc'.repeat(20),
    `${'k3Jx9zq1'.repeat(4)}k3J`,
    '1212112212121122121211221212112212',
    'deadbeefdeadbeefdeadbeefdeadbeef',
  ])('that is well known is refused: %s', (value) => {
    expect(value.length).toBeGreaterThanOrEqual(32);
    expect(problemsOf({ JWT_SECRET: value })).toEqual(['JWT_SECRET: is a well-known placeholder']);
  });

  test('that is random is taken, however it is written', () => {
    const random = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes });
    // Bytes as a generator gives them: shrinking and edge cases are not random.
    const secrets = fc
      .tuple(fc.noBias(random(32)), fc.constantFrom<BufferEncoding>('hex', 'base64', 'base64url'))
      .map(([bytes, encoding]) => Buffer.from(bytes).toString(encoding));
    for (const value of fc.sample(secrets, { numRuns: 20_000, seed: 1 })) {
      expect(problemsOf({ JWT_SECRET: value })).toEqual([]);
    }
  });

  test('is never repeated in the message that refuses it', () => {
    for (const value of ['short-but-private', 'private-example-private-example-private']) {
      expect(problemsOf({ JWT_SECRET: value }).join()).not.toContain('private');
    }
  });
});

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'am-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret');
  const value = 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac';

  test('gives the value, without the line end that editors add', () => {
    writeFileSync(path, `${value}\n`);
    chmodSync(path, 0o400);
    expect(load({ JWT_SECRET_FILE: path })).toEqual({ JWT_SECRET: value });
  });

  test('beside the variable is refused, as is one that is missing or holds too little', () => {
    expect(problemsOf({ JWT_SECRET: value, JWT_SECRET_FILE: path })).toEqual([
      'JWT_SECRET: set it or JWT_SECRET_FILE, not both',
    ]);
    const [missing] = problemsOf({ JWT_SECRET_FILE: join(folder, 'nowhere') });
    expect(missing).toMatch(/^JWT_SECRET_FILE: .*ENOENT/);
    writeFileSync(join(folder, 'empty'), '\n');
    expect(problemsOf({ JWT_SECRET_FILE: join(folder, 'empty') })).toEqual([
      'JWT_SECRET: must have at least 32 characters',
    ]);
  });
});

test('all problems come at once', () => {
  expect(problemsOf({ JWT_SECRET: 'x', PORT: 'y' })).toHaveLength(2);
});
