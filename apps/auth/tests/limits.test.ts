import { startRedis, waitFor } from '@agent-messenger/testkit';
import { Redis } from 'ioredis';
import { createLoginSubjects } from '../src/login-subjects';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import type { TestAuth } from './setup';
import { failing, from, secrets, startTestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let messages: FakeMessages;
let first: TestAuth;
let second: TestAuth;
const password = 'correct horse';
const here = from('192.0.2.1');
/** Different networks each. */
const elsewhere = (n: number) => from(`198.51.100.${n}`);

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  const env = {
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    FAILED_ATTEMPTS_MAX: '3',
    FAILED_ATTEMPTS_MAX_ACCOUNT: '6',
    FAILED_ATTEMPTS_WAIT_MS: '60000',
    FAILED_ATTEMPTS_WAIT_MAX_MS: '240000',
  };
  [first, second] = await Promise.all([startTestAuth(env), startTestAuth(env)]);
});
afterAll(async () => {
  await first.close();
  await second.close();
  await messages.close();
  await redis.stop();
});

type Attempt = Parameters<TestAuth['auth']['login']>[0];
const refusal = async ({ auth }: TestAuth, attempt: Attempt) => {
  const error: unknown = await auth.login(attempt).then(
    () => 'ok',
    (thrown: unknown) => thrown,
  );
  return error as { code: string; message: string; retryAfterMs?: number };
};
const fail = async (service: TestAuth, username: string, code: string, by = here) =>
  expect((await refusal(service, { username, password: 'wrong horse', by })).code).toBe(code);

async function comparisons(service: TestAuth): Promise<number> {
  const text = await service.metrics.metrics();
  return Number(/bcrypt_rounds_total\{operation="compare"\} (\d+)/.exec(text)?.[1] ?? 0);
}

test('failures are counted across replicas, and refuse the right password too', async () => {
  await first.auth.register({ username: 'target', password });
  await fail(first, 'target', 'unauthorized');
  await fail(second, 'TARGET ', 'unauthorized');
  await fail(first, 'target', 'unauthorized');
  await fail(second, 'target', 'rate_limited');
  const before = await comparisons(first);
  const refused = await refusal(first, { username: 'target', password });
  expect(refused).toEqual(failing('rate_limited'));
  expect(refused.retryAfterMs).toBeGreaterThan(0);
  expect(refused.retryAfterMs).toBeLessThanOrEqual(60_000);
  // Told at once: a wait costs neither a held request nor a hash.
  expect(await comparisons(first)).toBe(before);
});

test('a success starts the count anew', async () => {
  await first.auth.register({ username: 'clumsy', password });
  for (let round = 0; round < 3; round++) {
    await fail(first, 'clumsy', 'unauthorized');
    await fail(first, 'clumsy', 'unauthorized');
    await first.auth.login({ username: 'clumsy', password });
  }
});

test('somebody elsewhere does not lock out the owner, until it comes from many networks', async () => {
  await first.auth.register({ username: 'popular', password });
  for (let n = 0; n < 3; n++) await fail(first, 'popular', 'unauthorized', elsewhere(1));
  await fail(first, 'popular', 'rate_limited', elsewhere(1));
  await expect(first.auth.login({ username: 'popular', password })).resolves.toBeDefined();

  for (let n = 0; n < 6; n++) await fail(second, 'popular', 'unauthorized', elsewhere(n + 2));
  await fail(first, 'popular', 'rate_limited', elsewhere(9));
  expect(await refusal(first, { username: 'popular', password })).toEqual(failing('rate_limited'));
});

test('addresses of one IPv6 network are one', async () => {
  for (let n = 1; n <= 3; n++) {
    await fail(first, 'nobody-v6', 'unauthorized', from(`2001:db8:1:2:${n}::${n}`));
  }
  await fail(first, 'nobody-v6', 'rate_limited', from('2001:db8:1:2:ffff::1'));
  await fail(first, 'nobody-v6', 'unauthorized', from('2001:db8:1:3::1'));
});

test('addresses of one IPv6 site are one, with eight times the failures, for keys and passwords', async () => {
  const { api_key } = await first.auth.createAgent({ name: 'Site' });
  const wrong = `${api_key.slice(0, -4)}XXXX`;
  const withKey = (by: ReturnType<typeof from>) =>
    second.auth.verifyApiKey({ api_key: wrong, by }).then(
      () => 'ok',
      ({ code }: { code: string }) => code,
    );
  for (let n = 1; n <= 24; n++) {
    expect(await withKey(from(`2001:db8:7:${n}::1`))).toBe('unauthorized');
  }
  expect(await withKey(from('2001:db8:7:99::1'))).toBe('rate_limited');
  expect(await withKey(from('2001:db8:8:1::1'))).toBe('unauthorized');
});

test('a name is locked for an IPv6 site, too, and for nobody elsewhere', () => {
  const subjectsOf = createLoginSubjects({ free: 3, freeOfAccount: 30 });
  expect(subjectsOf('ann', null, '2001:db8:7:1::1')).toEqual([
    { kind: 'account-network', name: '2001:db8:7:1::/64 ann', free: 3 },
    { kind: 'account-network', name: '2001:db8:7::/48 ann', free: 24 },
    { kind: 'account', name: 'ann', free: 30 },
  ]);
});

describe('a known device', () => {
  async function known(username: string) {
    await first.auth.register({ username, password });
    return (await first.auth.login({ username, password })).tokens.device_token;
  }

  test('is not locked out by failures elsewhere, not even on its own network', async () => {
    const device_token = await known('steadfast');
    for (let n = 0; n < 3; n++) await fail(first, 'steadfast', 'unauthorized');
    for (let n = 0; n < 3; n++) await fail(first, 'steadfast', 'unauthorized', elsewhere(n));
    for (const by of [here, elsewhere(7)]) {
      const locked = await refusal(second, { username: 'steadfast', password, by });
      expect(locked).toEqual(failing('rate_limited'));
    }
    const { tokens } = await second.auth.login({ username: 'Steadfast', password, device_token });
    expect(tokens.device_token).toBe(device_token);
    // It opened the door for itself alone.
    await fail(first, 'steadfast', 'rate_limited');
  });

  test('counts its own failures, and no others', async () => {
    const device_token = await known('shared');
    const wrong = { username: 'shared', password: 'wrong horse', device_token };
    for (let n = 0; n < 3; n++) {
      expect(await refusal(first, wrong)).toEqual(failing('unauthorized'));
    }
    // Wherever it goes.
    expect(await refusal(second, { ...wrong, by: elsewhere(1) })).toEqual(failing('rate_limited'));
    const right = { username: 'shared', password, device_token };
    expect(await refusal(first, right)).toEqual(failing('rate_limited'));
    await expect(first.auth.login({ username: 'shared', password })).resolves.toBeDefined();
  });

  test('is known to one account only, and needs the password', async () => {
    const device_token = await known('first-owner');
    await first.auth.register({ username: 'other-owner', password });
    for (let n = 0; n < 3; n++) await fail(first, 'other-owner', 'unauthorized');
    for (const token of [device_token, 'made up', 'x'.repeat(512)]) {
      const attempt = { username: 'other-owner', password, device_token: token };
      expect(await refusal(first, attempt)).toEqual(failing('rate_limited'));
    }
    const attempt = { username: 'first-owner', password: '', device_token };
    expect(await refusal(first, attempt)).toEqual(failing('unauthorized'));
  });

  test('is still known after the password has changed', async () => {
    const device_token = await known('changer');
    const user_id = messages.users.get('changer')?.user_id ?? '';
    await first.auth.updateUser({ user_id, password: 'another horse' });
    for (let n = 0; n < 3; n++) await fail(first, 'changer', 'unauthorized');
    const attempt = { username: 'changer', password: 'another horse', device_token };
    await expect(first.auth.login(attempt)).resolves.toBeDefined();
  });
});

test('known and unknown names are answered and locked alike, for the same work', async () => {
  await first.auth.register({ username: 'somebody', password });
  const walk = async (username: string) => {
    const answers = [];
    for (let n = 0; n < 5; n++) {
      const before = await comparisons(first);
      const {
        code,
        message,
        retryAfterMs = 0,
      } = await refusal(first, { username, password: 'no' });
      const work = (await comparisons(first)) - before;
      answers.push({ code, message, work, seconds: Math.ceil(retryAfterMs / 10_000) });
    }
    return answers;
  };
  const known = await walk('somebody');
  expect(known.map(({ code }) => code)).toEqual([
    'unauthorized',
    'unauthorized',
    'unauthorized',
    'rate_limited',
    'rate_limited',
  ]);
  expect(known.map(({ work }) => work)).toEqual([1_024, 1_024, 1_024, 0, 0]);
  expect(await walk('nobody-at-all')).toEqual(known);
  expect(await walk('not a name!')).toEqual(known);
});

test('attempts at once cannot pass together', async () => {
  const attempts = Array.from({ length: 8 }, (_, n) =>
    refusal(n % 2 ? first : second, { username: 'crowded', password }),
  );
  const codes = (await Promise.all(attempts)).map(({ code }) => code);
  expect(codes.filter((code) => code === 'unauthorized')).toHaveLength(3);
  expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(5);
});

test('each further failure doubles the wait, and after it there is an attempt', async () => {
  const env = { MESSAGES_URL: messages.url, REDIS_URL: redis.url, REDIS_PREFIX: 'doubled' };
  const waits = { FAILED_ATTEMPTS_WAIT_MS: '60000', FAILED_ATTEMPTS_WAIT_MAX_MS: '150000' };
  const patient = await startTestAuth({ ...env, ...waits, FAILED_ATTEMPTS_MAX: '1' });
  const client = new Redis(redis.url);
  /** As if the time had passed. */
  const passWait = async () => {
    const keys = await client.keys('doubled:failed:*');
    await Promise.all(keys.map((key) => client.hset(key, 'until', Date.now())));
  };
  try {
    await patient.auth.register({ username: 'patient', password });
    for (const longest of [60_000, 120_000, 150_000]) {
      await fail(patient, 'patient', 'unauthorized');
      const { code, retryAfterMs } = await refusal(patient, { username: 'patient', password });
      expect(code).toBe('rate_limited');
      expect(retryAfterMs).toBeGreaterThan(longest / 2);
      expect(retryAfterMs).toBeLessThanOrEqual(longest);
      await passWait();
    }
    expect(await refusal(patient, { username: 'patient', password })).toBe('ok');
  } finally {
    client.disconnect();
    await patient.close();
  }
});

test('no name is in Redis', async () => {
  await fail(first, 'secretive', 'unauthorized');
  const client = new Redis(redis.url);
  const keys = await client.keys('*');
  client.disconnect();
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.join()).not.toMatch(/secretive|nobody|target|192\.0\.2/);
});

// Last: it leaves no Redis behind.
test('without Redis logins go on, and each process counts for itself', async () => {
  await first.auth.register({ username: 'steady', password });
  await redis.stop();
  await expect(first.auth.login({ username: 'steady', password })).resolves.toBeDefined();
  for (let i = 0; i < 3; i++) await fail(first, 'steady', 'unauthorized');
  await fail(first, 'steady', 'rate_limited');
  await fail(second, 'steady', 'unauthorized');
});

test('attempts during a lock are recorded with the account that they are about', async () => {
  const { user_id } = await first.auth.register({ username: 'recorded', password });
  // An address with entries of its own: of one that has many, the rest are one.
  const by = from('203.0.113.9');
  for (let n = 0; n < 3; n += 1) await fail(first, 'recorded', 'unauthorized', by);
  await fail(first, 'recorded', 'rate_limited', by);
  await waitFor(() =>
    messages.audit.some(
      ({ target, result }) => target === user_id && (result as string) === 'rate_limited',
    ),
  );
});
