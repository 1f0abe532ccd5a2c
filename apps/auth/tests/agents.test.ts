import { createTokenVerifier, findAmong, hs256Key } from '@agent-messenger/service-kit';
import { startRedis } from '@agent-messenger/testkit';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import type { TestAuth } from './setup';
import { failing, secrets, startTestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let messages: FakeMessages;
let service: TestAuth;
let auth: TestAuth['auth'];

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  service = await startTestAuth({
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    ACCESS_TOKEN_TTL_S: '3600',
    FAILED_ATTEMPTS_MAX: '3',
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
  await expect(
    createTokenVerifier(findAmong([hs256Key(secrets.JWT_SECRET)]))(access_token),
  ).resolves.toMatchObject({
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

test('guessing a key is limited; the verified key goes on working', async () => {
  const { agent, api_key, key_id } = await auth.createAgent({ name: 'Echo' });
  await auth.verifyApiKey({ api_key });
  const wrong = forged(api_key);
  for (let i = 0; i < 3; i++) {
    await expect(auth.verifyApiKey({ api_key: wrong })).rejects.toEqual(failing('unauthorized'));
  }
  const before = await comparisons();
  await expect(auth.verifyApiKey({ api_key: wrong })).rejects.toEqual(
    failing('rate_limited', { retryAfterMs: expect.any(Number) as number }),
  );
  expect(await comparisons()).toBe(before);
  await expect(auth.verifyApiKey({ api_key })).resolves.toEqual({
    agent_id: agent.id,
    key_id,
    expires_at: null,
  });
});
