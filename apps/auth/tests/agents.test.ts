import { createTokenVerifier, findAmong, hs256Key } from '@agent-messenger/service-kit';
import { startRedis } from '@agent-messenger/testkit';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import type { TestAuth } from './setup';
import { failing, from, secrets, startTestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let messages: FakeMessages;
let service: TestAuth;
let auth: TestAuth['auth'];
const verify = createTokenVerifier(findAmong([hs256Key(secrets.JWT_SECRET)]));

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  service = await startTestAuth({
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    ACCESS_TOKEN_TTL_S: '3600',
    FAILED_ATTEMPTS_MAX: '3',
    // No lock ends during a test.
    FAILED_ATTEMPTS_WAIT_MS: '60000',
  });
  auth = service.auth;
});
afterAll(async () => {
  await service.close();
  await messages.close();
  await redis.stop();
});

async function comparisons(): Promise<number> {
  const text = await service.metrics.metrics();
  return Number(/bcrypt_seconds_count\{operation="compare"\} (\d+)/.exec(text)?.[1] ?? 0);
}

/** Another secret for the same key id. */
const forged = (apiKey: string) => apiKey.slice(0, -3) + (apiKey.endsWith('AAA') ? 'BBB' : 'AAA');

test('a new agent has a key, of which only a hash is stored', async () => {
  const { agent, api_key, key_id } = await auth.createAgent({ name: 'Echo', model: 'none' });
  expect(agent).toMatchObject({ name: 'Echo', model: 'none', description: null });
  expect(api_key.startsWith(`amk_${key_id}_`)).toBe(true);
  const stored = messages.keys.get(key_id);
  expect(stored?.agent_id).toBe(agent.id);
  expect(stored?.key_hash).toMatch(/^\$2b\$10\$/);
});

test('a key is verified, and exchanged for a token of at most 300 s', async () => {
  const { agent, api_key, key_id } = await auth.createAgent({ name: 'Echo' });
  await expect(auth.verifyApiKey({ api_key })).resolves.toEqual({
    agent_id: agent.id,
    key_id,
    expires_at: null,
  });
  const { access_token, expires_in, agent_id } = await auth.agentToken({ api_key });
  expect({ expires_in, agent_id }).toEqual({ expires_in: 300, agent_id: agent.id });
  await expect(verify(access_token)).resolves.toMatchObject({
    identityId: agent.id,
    kind: 'agent',
    credentialId: key_id,
  });
});

test('a key costs bcrypt once, also when it comes many times at once', async () => {
  const { api_key } = await auth.createAgent({ name: 'Echo' });
  const before = await comparisons();
  await Promise.all(Array.from({ length: 20 }, () => auth.verifyApiKey({ api_key })));
  await auth.agentToken({ api_key });
  expect(await comparisons()).toBe(before + 1);
});

test('a revoked key is refused at once, although it was verified before', async () => {
  const { api_key, key_id } = await auth.createAgent({ name: 'Echo' });
  await auth.verifyApiKey({ api_key });
  messages.keys.delete(key_id);
  await expect(auth.verifyApiKey({ api_key })).rejects.toEqual(failing('unauthorized'));
});

test('unknown, wrong and malformed keys are unauthorized', async () => {
  const { api_key } = await auth.createAgent({ name: 'Echo' });
  for (const wrong of [`amk_nokey_${'x'.repeat(43)}`, forged(api_key), 'amk_', '', '👾']) {
    await expect(auth.agentToken({ api_key: wrong })).rejects.toEqual(failing('unauthorized'));
  }
});

test('guessing a key is limited where it is done; the key goes on working there and elsewhere', async () => {
  const { agent, api_key, key_id } = await auth.createAgent({ name: 'Echo' });
  const owner = { agent_id: agent.id, key_id, expires_at: null };
  const wrong = forged(api_key);
  for (let i = 0; i < 3; i++) {
    await expect(auth.verifyApiKey({ api_key: wrong })).rejects.toEqual(failing('unauthorized'));
  }
  const before = await comparisons();
  await expect(auth.verifyApiKey({ api_key: wrong })).rejects.toEqual(
    failing('rate_limited', { retryAfterMs: expect.any(Number) as number }),
  );
  expect(await comparisons()).toBe(before);
  // From another network it is verified, although never before.
  const by = from('198.51.100.7');
  await expect(auth.verifyApiKey({ api_key, by })).resolves.toEqual(owner);
  await expect(auth.verifyApiKey({ api_key })).resolves.toEqual(owner);
  await expect(auth.verifyApiKey({ api_key: wrong })).rejects.toEqual(failing('rate_limited'));
});

test('an unknown key id costs no bcrypt', async () => {
  const before = await comparisons();
  for (let i = 0; i < 5; i++) {
    const api_key = `amk_nokey${i}_${'x'.repeat(43)}`;
    await expect(auth.verifyApiKey({ api_key })).rejects.toEqual(failing('unauthorized'));
  }
  expect(await comparisons()).toBe(before);
});

test('a further key is stored as a hash, shown once, and verified beside the first', async () => {
  const { agent, api_key: first } = await auth.createAgent({ name: 'Echo' });
  const by = { actor: { kind: 'admin' as const, id: null }, ip: '192.0.2.9' };
  const { key: created, ended } = await auth.createAgentKey({
    agent_id: agent.id,
    name: 'second',
    by,
  });
  expect(ended).toEqual([]);
  expect(created).toMatchObject({ name: 'second', expires_at: null, revoked_at: null });
  expect(created.api_key).toMatch(new RegExp(`^amk_${created.key_id}_[\\w-]{43}$`));
  expect(messages.keys.get(created.key_id)?.key_hash).toMatch(/^\$2b\$10\$/);
  expect(JSON.stringify([...messages.keys])).not.toContain(created.api_key.slice(-43));
  expect(messages.changedBy).toEqual(by);
  for (const api_key of [first, created.api_key]) {
    await expect(auth.agentToken({ api_key })).resolves.toMatchObject({ agent_id: agent.id });
  }
});

test('a key in the place of another: what ends with that is told, to end its connections', async () => {
  const { agent, key_id: replaces } = await auth.createAgent({ name: 'Echo' });
  const request = { agent_id: agent.id, name: 'next', replaces, overlap_s: 0 };
  const { key, ended } = await auth.createAgentKey(request);
  expect(ended).toEqual([{ identity_id: agent.id, credential_id: replaces }]);
  expect(key.api_key).toContain(`_${key.key_id}_`);
});

describe('a key that runs out', () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

  test('gives tokens that do not outlive it, and is told to whoever verifies it', async () => {
    const { agent } = await auth.createAgent({ name: 'Echo' });
    const expires_at = inSeconds(200);
    const { key } = await auth.createAgentKey({ agent_id: agent.id, expires_at });
    const { api_key, key_id } = key;
    await expect(auth.verifyApiKey({ api_key })).resolves.toEqual({
      agent_id: agent.id,
      key_id,
      expires_at,
    });
    const { access_token, expires_in } = await auth.agentToken({ api_key });
    expect(expires_in).toBeLessThanOrEqual(200);
    expect(expires_in).toBeGreaterThan(100);
    expect((await verify(access_token)).expiresAt).toBeLessThanOrEqual(Date.parse(expires_at));
  });

  test('is refused from then on, also when it was verified before', async () => {
    const { agent } = await auth.createAgent({ name: 'Echo' });
    const { key } = await auth.createAgentKey({ agent_id: agent.id });
    const { api_key, key_id } = key;
    await auth.verifyApiKey({ api_key });
    const stored = messages.keys.get(key_id);
    if (stored) stored.expires_at = inSeconds(0);
    await expect(auth.verifyApiKey({ api_key })).rejects.toEqual(failing('unauthorized'));
    await expect(auth.agentToken({ api_key })).rejects.toEqual(failing('unauthorized'));
  });

  test('gives no token in its last second', async () => {
    const { agent } = await auth.createAgent({ name: 'Echo' });
    const { key } = await auth.createAgentKey({
      agent_id: agent.id,
      expires_at: inSeconds(0.9),
    });
    const { api_key } = key;
    await expect(auth.agentToken({ api_key })).rejects.toEqual(failing('unauthorized'));
  });
});

test('refused keys are recorded with their agent where it is known, and never with the key', async () => {
  const by = from('203.0.113.8');
  const own = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: redis.url });
  const { agent, api_key } = await auth.createAgent({ name: 'Echo' });
  const unknown = `amk_unknown_${'x'.repeat(43)}`;
  for (const wrong of [forged(api_key), unknown, 'no key']) {
    await expect(own.auth.verifyApiKey({ api_key: wrong, by })).rejects.toEqual(
      failing('unauthorized'),
    );
  }
  await own.auth.verifyApiKey({ api_key, by });
  // It records all at its end; some of them perhaps before that.
  await own.close();
  const recorded = messages.audit.filter(({ ip }) => ip === by.ip);
  const refusal = { ...by, action: 'agent.authenticate', result: 'unauthorized' };
  for (const [target, times] of [
    [agent.id, 1],
    [null, 2],
  ] as const) {
    const ofTarget = recorded.filter((each) => each.target === target);
    expect(ofTarget[0]).toMatchObject({ ...refusal, target });
    expect(ofTarget.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(times);
  }
  expect(JSON.stringify(messages.audit)).not.toMatch(/amk_|no key/);
});
