import { AppError } from '@agent-messenger/service-kit';
import { startRedis, waitFor } from '@agent-messenger/testkit';
import { Redis } from 'ioredis';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import { failing, from, secrets, startTestAuth, type TestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let client: Redis;
let messages: FakeMessages;
let service: TestAuth;
let auth: TestAuth['auth'];
const password = 'correct horse';
const admin = { ...from('192.0.2.9'), actor: { kind: 'admin' as const, id: null } };

beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  service = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: redis.url });
  auth = service.auth;
});
afterAll(async () => {
  await service.close();
  await messages.close();
  client.disconnect();
  await redis.stop();
});
afterEach(() => {
  messages.failure = undefined;
});

let people = 0;
async function newPerson() {
  const username = `person-${(people += 1)}`;
  const { user_id } = await auth.register({ username, password });
  return { username, user_id };
}
async function newLink() {
  const person = await newPerson();
  return { ...person, ...(await auth.createLoginLink({ user_id: person.user_id, by: admin })) };
}

test('a code logs its person in, once', async () => {
  const before = Date.now();
  const { code, expires_at, user_id, username } = await newLink();
  const made = Date.parse(expires_at) - 600_000;
  expect(made).toBeGreaterThanOrEqual(before);
  expect(made).toBeLessThanOrEqual(Date.now());

  const { tokens } = await auth.loginByLink({ code });
  expect(tokens).toMatchObject({ user_id, token_type: 'Bearer' });
  expect([...messages.sessions.values()].map((one) => one.user_id)).toContain(user_id);
  // As after a login: this device is known from now on.
  const again = await auth.login({ username, password, device_token: tokens.device_token });
  expect(again.tokens.device_token).toBe(tokens.device_token);

  await expect(auth.loginByLink({ code })).rejects.toEqual(failing('unauthorized'));
});

test('of many that show a code at once, exactly one is logged in', async () => {
  const { code, user_id } = await newLink();
  const other = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: redis.url });
  const attempts = Array.from({ length: 20 }, (_, n) =>
    (n % 2 ? auth : other.auth).loginByLink({ code }).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    ),
  );
  const outcomes = await Promise.all(attempts);
  await other.close();
  expect(outcomes.filter((one) => one === 'ok')).toHaveLength(1);
  expect(outcomes.filter((one) => one === 'unauthorized')).toHaveLength(19);
  const sessions = [...messages.sessions.values()].filter((one) => one.user_id === user_id);
  expect(sessions).toHaveLength(1);
});

test('a code that is too old is worth nothing', async () => {
  const hasty = await startTestAuth({
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'hasty',
    LOGIN_LINK_TTL_S: '100',
  });
  const { user_id } = await newPerson();
  const { code } = await hasty.auth.createLoginLink({ user_id, by: admin });
  const kept = () => client.keys('hasty:login-link:*');
  const [key = ''] = await kept();
  const leftMs = await client.pttl(key);
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(100_000);
  // The time has come.
  await client.pexpire(key, 1);
  await waitFor(async () => (await kept()).length === 0);
  await expect(hasty.auth.loginByLink({ code })).rejects.toEqual(failing('unauthorized'));
  await hasty.close();
});

test('a code of another installation is worth nothing', async () => {
  const elsewhere = await startTestAuth({
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'elsewhere',
  });
  const { code, user_id } = await newLink();
  await expect(elsewhere.auth.loginByLink({ code })).rejects.toEqual(failing('unauthorized'));
  await elsewhere.close();
  expect((await auth.loginByLink({ code })).tokens.user_id).toBe(user_id);
});

test.each([
  ['nothing like a code', 'x'],
  ['an unknown person', `usr_0.${'x'.repeat(43)}`],
])('%s is refused', async (_what, code) => {
  await expect(auth.loginByLink({ code })).rejects.toEqual(failing('unauthorized'));
});

test("one person's secret logs in nobody else, and stays good", async () => {
  const [mine, theirs] = [await newLink(), await newPerson()];
  const swapped = mine.code.replace(mine.user_id, theirs.user_id);
  await expect(auth.loginByLink({ code: swapped })).rejects.toEqual(failing('unauthorized'));
  expect((await auth.loginByLink({ code: mine.code })).tokens.user_id).toBe(mine.user_id);
});

test('a new password makes codes that were made before worthless', async () => {
  const { code, user_id } = await newLink();
  await auth.updateUser({ user_id, password: 'battery staple', by: admin });
  await expect(auth.loginByLink({ code })).rejects.toEqual(failing('unauthorized'));
});

test('a person that is disabled gets no code, and one that was made before does not log it in', async () => {
  const { code, user_id } = await newLink();
  await auth.updateUser({ user_id, disabled: true, by: admin });
  await expect(auth.loginByLink({ code })).rejects.toEqual(failing('unauthorized'));
  await expect(auth.createLoginLink({ user_id, by: admin })).rejects.toEqual(failing('conflict'));
});

test('nobody that exists: not found', async () => {
  await expect(auth.createLoginLink({ user_id: 'usr_0', by: admin })).rejects.toEqual(
    failing('not_found'),
  );
});

test('while the store is away a code is not spent', async () => {
  const { code, user_id } = await newLink();
  messages.failure = new AppError('unavailable', 'away', { retryAfterMs: 10 });
  await expect(auth.loginByLink({ code })).rejects.toEqual(failing('unavailable'));
  messages.failure = undefined;
  expect((await auth.loginByLink({ code })).tokens.user_id).toBe(user_id);
});

test('making one is in the audit log, with who asked; what Redis keeps names nobody', async () => {
  const { code, user_id } = await newLink();
  expect(messages.audit).toContainEqual({
    ...admin,
    action: 'user.link',
    target: user_id,
    result: 'ok',
  });
  const keys = await client.keys('*login-link*');
  const kept = JSON.stringify([keys, await client.mget(keys)]);
  expect(keys.length).toBeGreaterThan(0);
  for (const secret of [user_id, code, code.split('.')[1] ?? '']) {
    expect(kept).not.toContain(secret);
  }
});

test('without Redis it is not the moment for links, and nobody is told that theirs is wrong', async () => {
  const own = await startRedis();
  const lonely = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: own.url });
  const { user_id } = await newPerson();
  const { code } = await lonely.auth.createLoginLink({ user_id, by: admin });
  await own.stop();
  await expect(lonely.auth.loginByLink({ code })).rejects.toEqual(failing('unavailable'));
  await expect(lonely.auth.createLoginLink({ user_id, by: admin })).rejects.toEqual(
    failing('unavailable'),
  );
  await lonely.close();
});
