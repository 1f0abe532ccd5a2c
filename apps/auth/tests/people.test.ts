import { AppError, createTokenVerifier, findAmong, hs256Key } from '@agent-messenger/service-kit';
import { startRedis } from '@agent-messenger/testkit';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import type { TestAuth } from './setup';
import { failing, secrets, startTestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let messages: FakeMessages;
let service: TestAuth;
let auth: TestAuth['auth'];
const verify = createTokenVerifier(findAmong([hs256Key(secrets.JWT_SECRET)]));
const password = 'correct horse';

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  service = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: redis.url });
  auth = service.auth;
});
afterAll(async () => {
  await service.close();
  await messages.close();
  await redis.stop();
});
afterEach(() => {
  messages.failure = undefined;
});

async function logIn(username: string) {
  await auth.register({ username, password });
  return (await auth.login({ username, password })).tokens;
}

describe('register', () => {
  test('stores a bcrypt hash under the lower-cased name', async () => {
    const { user_id, username } = await auth.register({ username: ' Ada ', password });
    expect(username).toBe('ada');
    const stored = messages.users.get('ada');
    expect(stored?.user_id).toBe(user_id);
    expect(stored?.password_hash).toMatch(/^\$2b\$10\$/);
  });

  test('a taken name is a conflict', async () => {
    await auth.register({ username: 'taken', password });
    await expect(auth.register({ username: 'TAKEN', password })).rejects.toEqual(
      failing('conflict'),
    );
  });

  test.each([
    ['a short password', 'someone', 'x'.repeat(7)],
    ['a password beyond 72 bytes', 'someone', 'é'.repeat(37)],
    ['a lone surrogate', 'someone', `${password}\ud800`],
    ['a short name', 'ab', password],
    ['a name with a space', 'a b c', password],
    ['a name with the Kelvin sign, whose small letter is a k', '\u212aate', password],
  ])('%s is refused', async (_what, username, given) => {
    await expect(auth.register({ username, password: given })).rejects.toEqual(
      failing('invalid_payload'),
    );
    expect(messages.users.has(username)).toBe(false);
  });
});

describe('login', () => {
  test('answers tokens of a stored session', async () => {
    const tokens = await logIn('grace');
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    const { identityId, kind, credentialId } = await verify(tokens.access_token);
    expect({ identityId, kind }).toEqual({ identityId: tokens.user_id, kind: 'user' });
    const session = messages.sessions.get(credentialId);
    expect(session?.user_id).toBe(tokens.user_id);
    expect(JSON.stringify(session)).not.toContain(tokens.refresh_token);
    const days = (Date.parse(session?.expires_at ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(30, 1);
  });

  test('is not sensitive to the case of the name', async () => {
    const { user_id } = await logIn('linus');
    expect((await auth.login({ username: ' LINUS', password })).tokens.user_id).toBe(user_id);
  });

  test('every wrong credential has one answer', async () => {
    await logIn('barbara');
    await logIn('kate');
    const attempts = [
      { username: '\u212aate', password },
      { username: 'barbara', password: 'wrong horse' },
      { username: 'barbara', password: 'short' },
      { username: 'barbara', password: 'x'.repeat(1_000) },
      { username: 'barbara', password: '' },
      { username: 'nobody', password },
      { username: 'not a name!', password },
      { username: '', password },
    ];
    const answers = await Promise.all(
      attempts.map((attempt) => auth.login(attempt).catch((error: unknown) => error)),
    );
    for (const answer of answers) {
      expect(answer).toEqual(failing('unauthorized', { message: 'The credentials are wrong' }));
    }
  });

  test('an unknown name costs as much as a wrong password', async () => {
    await logIn('timing');
    const rounds = async () =>
      Number(
        /rounds_total\{operation="compare"\} (\d+)/.exec(await service.metrics.metrics())?.[1],
      );
    /** What takes tens of milliseconds of a login; the rest of it is one or two. */
    const cost = async (username: string) => {
      const before = await rounds();
      await expect(auth.login({ username, password: 'wrong horse' })).rejects.toBeDefined();
      return (await rounds()) - before;
    };
    expect(await cost('timing')).toBe(2 ** 10);
    expect(await cost('timing-not')).toBe(2 ** 10);
    expect(await cost('no name!')).toBe(2 ** 10);
  });

  test('is unavailable while the store is, which counts as no failure', async () => {
    await logIn('patient');
    messages.failure = new AppError('unavailable', 'down', { retryAfterMs: 700 });
    for (let i = 0; i < 12; i++) {
      await expect(auth.login({ username: 'patient', password })).rejects.toEqual(
        failing('unavailable', { retryAfterMs: 700 }),
      );
    }
    messages.failure = undefined;
    await expect(auth.login({ username: 'patient', password })).resolves.toBeDefined();
  });

  test('is counted by outcome', async () => {
    const text = await service.metrics.metrics();
    expect(text).toMatch(/auth_logins_total\{outcome="ok"\} \d+/);
    expect(text).toMatch(/auth_logins_total\{outcome="unauthorized"\} \d+/);
    expect(text).toMatch(/auth_bcrypt_seconds_count\{operation="compare"\} \d+/);
  });
});

describe('refresh and logout', () => {
  test('a refresh token works once and keeps the session', async () => {
    const first = await logIn('alan');
    const { tokens: second } = await auth.refresh({ refresh_token: first.refresh_token });
    const { credentialId } = await verify(first.access_token);
    expect(second?.user_id).toBe(first.user_id);
    expect(second?.refresh_token).not.toBe(first.refresh_token);
    expect((await verify(second?.access_token ?? '')).credentialId).toBe(credentialId);
    await expect(auth.refresh({ refresh_token: first.refresh_token })).resolves.toEqual({
      tokens: null,
      ended: [{ identity_id: first.user_id, credential_id: credentialId }],
    });
  });

  test('an unknown refresh token gives nothing', async () => {
    await expect(auth.refresh({ refresh_token: 'made up' })).resolves.toEqual({
      tokens: null,
      ended: [],
    });
  });

  test('logout ends the session and drops the push token it names', async () => {
    const { refresh_token, user_id } = await logIn('edsger');
    const { ended } = await auth.logout({ refresh_token, push_token: 'device-1' });
    expect(ended).toEqual([{ identity_id: user_id, credential_id: expect.any(String) as string }]);
    expect(messages.droppedPushTokens).toContain('device-1');
    await expect(auth.refresh({ refresh_token })).resolves.toMatchObject({ tokens: null });
    await expect(auth.logout({ refresh_token })).resolves.toEqual({ ended: [] });
  });
});
