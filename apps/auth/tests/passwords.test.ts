import { startRedis, waitFor } from '@agent-messenger/testkit';
import { AppError } from '@agent-messenger/service-kit';
import bcrypt from 'bcrypt';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import type { AuthClient, TestAuth } from './setup';
import { failing, from, secrets, startTestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let messages: FakeMessages;
let service: TestAuth;
let auth: AuthClient;
const password = 'correct horse';
const admin = { actor: { kind: 'admin' as const, id: null }, ip: '192.0.2.9' };

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  const env = { MESSAGES_URL: messages.url, REDIS_URL: redis.url, FAILED_ATTEMPTS_MAX: '3' };
  // No lock ends during a test.
  service = await startTestAuth({ ...env, FAILED_ATTEMPTS_WAIT_MS: '60000' });
  auth = service.auth;
});
afterAll(async () => {
  await service.close();
  await messages.close();
  await redis.stop();
});

/** A person with a session, which is also who asks. */
async function person(username: string) {
  const { user_id } = await auth.register({ username, password });
  const by = { actor: { kind: 'user' as const, id: user_id }, ip: '192.0.2.1' };
  return { user_id, by, ...(await session(username)) };
}

async function session(username: string, given = password) {
  const { tokens } = await auth.login({ username, password: given });
  const [newest] = [...messages.sessions.keys()].slice(-1);
  return { refresh_token: tokens.refresh_token, session_id: newest ?? '' };
}

const refused = (work: Promise<unknown>, code: string) =>
  expect(work).rejects.toEqual(failing(code));

describe('changePassword', () => {
  test('ends all sessions but the one that asks', async () => {
    const { user_id, by, session_id } = await person('ada');
    const other = await session('ada');
    const { ended } = await auth.changePassword({
      ...{ user_id, session_id, by },
      current_password: password,
      new_password: 'another horse',
    });
    expect(ended).toEqual([{ identity_id: user_id, credential_id: other.session_id }]);
    expect(messages.changedBy).toEqual(by);
    expect(messages.sessions.has(session_id)).toBe(true);
    await refused(auth.login({ username: 'ada', password }), 'unauthorized');
    await expect(session('ada', 'another horse')).resolves.toBeDefined();
  });

  test('needs the present password, and counts failures apart from logins', async () => {
    const { user_id, by, session_id } = await person('grace');
    const change = (current_password: string) =>
      auth.changePassword({
        user_id,
        session_id,
        by,
        current_password,
        new_password: 'new horses',
      });
    for (let n = 0; n < 3; n++) {
      await refused(auth.login({ username: 'grace', password: 'wrong horse' }), 'unauthorized');
    }
    for (const wrong of ['wrong horse', '', 'x'.repeat(1_000)]) {
      await refused(change(wrong), 'unauthorized');
    }
    await refused(change(password), 'rate_limited');
    await refused(auth.deleteAccount({ user_id, session_id, by, password }), 'rate_limited');
    expect(messages.sessions.has(session_id)).toBe(true);
  });

  test('of changes at once one is made, and the others are answered as a wrong password', async () => {
    const { user_id, by, session_id } = await person('thrice');
    const words = ['first horse', 'second horse', 'third horse'];
    const done = await Promise.allSettled(
      words.map((new_password) =>
        auth.changePassword({
          ...{ user_id, session_id, by, new_password },
          current_password: password,
        }),
      ),
    );
    const made = words.filter((_, n) => done[n]?.status === 'fulfilled');
    expect(made).toHaveLength(1);
    const refusals = done.filter(({ status }) => status === 'rejected');
    for (const each of refusals) expect(each).toMatchObject({ reason: failing('unauthorized') });
    await expect(session('thrice', made[0])).resolves.toBeDefined();
  });

  test('a change that is overtaken by the deletion of the account finds that the session has ended', async () => {
    const { user_id, by, session_id } = await person('gone');
    messages.beforeUser = () => void messages.users.delete('gone');
    const change = { current_password: password, new_password: 'another horse' };
    await refused(auth.changePassword({ user_id, session_id, by, ...change }), 'unauthorized');
    messages.beforeUser = undefined;
  });

  test('a login with the old password that is overtaken by the change gets no session', async () => {
    const { user_id } = await person('overtaken');
    const stored = messages.users.get('overtaken');
    const login = auth.login({ username: 'overtaken', password });
    // Between the comparison and the session: the store is asked for it only after bcrypt.
    messages.beforeSession = () => {
      if (stored) stored.password_hash = 'another hash';
    };
    await refused(login, 'unauthorized');
    messages.beforeSession = undefined;
    expect([...messages.sessions.values()].filter((each) => each.user_id === user_id)).toHaveLength(
      1,
    );
  });
});

describe('weak passwords', () => {
  test.each(['password1', 'QwertyUiop', 'Weakling'])('%s is refused', async (weak) => {
    await refused(auth.register({ username: 'weakling', password: weak }), 'invalid_payload');
    await refused(
      auth.register({ username: 'weakling', password: weak, by: admin }),
      'invalid_payload',
    );
    expect(messages.users.has('weakling')).toBe(false);
  });

  test('are refused when they are changed to or set', async () => {
    const { user_id, by, session_id } = await person('firmly.named');
    for (const weak of ['password1', 'Firmly.Named']) {
      const change = { user_id, session_id, by, current_password: password, new_password: weak };
      await refused(auth.changePassword(change), 'invalid_payload');
      await refused(auth.updateUser({ user_id, password: weak, by: admin }), 'invalid_payload');
    }
    await expect(session('firmly.named')).resolves.toBeDefined();
  });

  test('that are there already can be logged in with, and changed', async () => {
    const { user_id, by } = await person('grandfather');
    const user = messages.users.get('grandfather');
    if (user) user.password_hash = await bcrypt.hash('password1', 10);
    const { session_id } = await session('grandfather', 'password1');
    const change = { current_password: 'password1', new_password: password };
    await expect(
      auth.changePassword({ user_id, session_id, by, ...change }),
    ).resolves.toBeDefined();
  });
});

describe('deleteAccount', () => {
  test('needs the password, and ends all sessions', async () => {
    const { user_id, by, session_id } = await person('leaver');
    const asking = { user_id, session_id, by };
    await refused(auth.deleteAccount({ ...asking, password: 'wrong horse' }), 'unauthorized');
    expect(messages.users.has('leaver')).toBe(true);
    const { ended } = await auth.deleteAccount({ ...asking, password });
    expect(ended).toEqual([{ identity_id: user_id, credential_id: session_id }]);
    expect(messages.users.has('leaver')).toBe(false);
    await refused(auth.login({ username: 'leaver', password }), 'unauthorized');
  });
});

test('a session that has ended changes no password and deletes no account', async () => {
  const { user_id, by, session_id, refresh_token } = await person('logged.out');
  await auth.logout({ refresh_token });
  const asking = { user_id, session_id, by };
  const change = { current_password: password, new_password: 'another horse' };
  await refused(auth.changePassword({ ...asking, ...change }), 'unauthorized');
  await refused(auth.deleteAccount({ ...asking, password }), 'unauthorized');
  await expect(session('logged.out')).resolves.toBeDefined();
});

test('a session that has ended neither locks the confirmation nor tells whether a password is right', async () => {
  const { user_id, by, session_id, refresh_token } = await person('oracle');
  await auth.logout({ refresh_token });
  const ask = (which: string, current_password: string) =>
    auth.changePassword({
      ...{ user_id, session_id: which, by, current_password },
      new_password: 'another horse',
    });
  const answers = new Set<string>();
  for (const guess of [password, ...Array.from({ length: 20 }, (_, n) => `wrong horse ${n}`)]) {
    const refusal = await ask(session_id, guess).catch((error: unknown) => error);
    if (refusal instanceof AppError) answers.add(`${refusal.code}: ${refusal.message}`);
    else throw new TypeError('it was not refused');
  }
  expect([...answers]).toEqual(['unauthorized: The session has ended']);
  const lasting = await session('oracle');
  await expect(ask(lasting.session_id, password)).resolves.toEqual({ ended: [] });
});

describe('updateUser', () => {
  test('sets a password without asking for the present one, and ends all sessions', async () => {
    const { user_id, session_id } = await person('forgetful');
    const { ended, user } = await auth.updateUser({
      user_id,
      password: 'another horse',
      by: admin,
    });
    expect(ended).toEqual([{ identity_id: user_id, credential_id: session_id }]);
    expect(user).toMatchObject({ id: user_id, username: 'forgetful' });
    expect(messages.changedBy).toEqual(admin);
    await expect(session('forgetful', 'another horse')).resolves.toBeDefined();
  });

  test('who is disabled is answered like somebody unknown, for the same work, and cannot refresh', async () => {
    const { user_id, refresh_token } = await person('suspended');
    await auth.updateUser({ user_id, disabled: true, by: admin });
    const work = async () =>
      Number(
        /rounds_total\{operation="compare"\} (\d+)/.exec(await service.metrics.metrics())?.[1],
      );
    const before = await work();
    const given = { username: 'suspended', password };
    await expect(auth.login(given)).rejects.toEqual(
      failing('unauthorized', { message: 'The credentials are wrong' }),
    );
    expect((await work()) - before).toBe(2 ** 10);
    await expect(auth.refresh({ refresh_token })).resolves.toMatchObject({ tokens: null });
    await auth.updateUser({ user_id, disabled: false, by: admin });
    await expect(session('suspended')).resolves.toBeDefined();
  });

  test('nobody is not found', async () => {
    await refused(auth.updateUser({ user_id: 'usr_none', disabled: true, by: admin }), 'not_found');
    const password_ = { user_id: 'usr_none', password: 'another horse', by: admin };
    await refused(auth.updateUser(password_), 'not_found');
  });
});

test('a higher cost comes with the next login, and does not end what is there', async () => {
  const { session_id } = await person('veteran');
  const env = { MESSAGES_URL: messages.url, REDIS_URL: redis.url, BCRYPT_COST: '11' };
  const costlier = await startTestAuth(env);
  try {
    const user = messages.users.get('veteran');
    expect(user?.password_hash).toMatch(/^\$2b\$10\$/);
    await refused(
      costlier.auth.login({ username: 'veteran', password: 'wrong horse' }),
      'unauthorized',
    );
    expect(user?.password_hash).toMatch(/^\$2b\$10\$/);
    await costlier.auth.login({ username: 'veteran', password });
    expect(user?.password_hash).toMatch(/^\$2b\$11\$/);
    const renewed = user?.password_hash;
    await costlier.auth.login({ username: 'veteran', password });
    expect(user?.password_hash).toBe(renewed);
    expect(messages.sessions.has(session_id)).toBe(true);
    await expect(session('veteran')).resolves.toBeDefined();
  } finally {
    await costlier.close();
  }
});

test('logins at once all get their session when the first of them brings the higher cost', async () => {
  await person('veterans');
  const env = { MESSAGES_URL: messages.url, REDIS_URL: redis.url, BCRYPT_COST: '11' };
  const costlier = await startTestAuth(env);
  try {
    const logins = [1, 2, 3].map(() => costlier.auth.login({ username: 'veterans', password }));
    expect(await Promise.all(logins)).toHaveLength(3);
    expect(messages.users.get('veterans')?.password_hash).toMatch(/^\$2b\$11\$/);
  } finally {
    await costlier.close();
  }
});

test('refusals are recorded with actor, address and result, and no secret; successes are not', async () => {
  const recorded = await person('recorded');
  const { user_id, session_id } = recorded;
  // An address with entries of its own: of one that has many, the rest are one.
  const by = { ...recorded.by, ip: '203.0.113.8' };
  const operator = { ...admin, ip: '203.0.113.10' };
  const anyone = from('203.0.113.7');
  const change = { user_id, session_id, by, current_password: 'wrong horse' };
  await auth.login({ username: 'recorded', password: 'wrong horse', by: anyone }).catch(() => 0);
  await auth.login({ username: 'unrecorded', password, by: anyone }).catch(() => 0);
  await auth.changePassword({ ...change, new_password: 'another horse' }).catch(() => 0);
  await auth.deleteAccount({ user_id, session_id, by, password: 'wrong horse' }).catch(() => 0);
  await auth.register({ username: 'recorded', password, by: anyone }).catch(() => 0);
  await auth.updateUser({ user_id: 'usr_none', disabled: true, by: operator }).catch(() => 0);
  await auth.refresh({ refresh_token: 'made up', by: anyone });
  const expected = [
    { ...anyone, action: 'user.login', target: user_id, result: 'unauthorized' },
    { ...anyone, action: 'user.login', target: null, result: 'unauthorized' },
    { ...by, action: 'user.password', target: user_id, result: 'unauthorized' },
    { ...by, action: 'user.delete', target: user_id, result: 'unauthorized' },
    { ...anyone, action: 'user.register', target: null, result: 'conflict' },
    { ...operator, action: 'user.update', target: 'usr_none', result: 'not_found' },
    { ...anyone, action: 'user.refresh', target: null, result: 'unauthorized' },
  ];
  await waitFor(() =>
    messages.audit.some(({ ip, action }) => ip === anyone.ip && action === 'user.refresh'),
  );
  expect(messages.audit).toEqual(expect.arrayContaining(expected));
  expect(JSON.stringify(messages.audit)).not.toMatch(/horse|recorded|made up/);
  expect(messages.audit.filter(({ result }) => (result as string) === 'ok')).toEqual([]);
});
