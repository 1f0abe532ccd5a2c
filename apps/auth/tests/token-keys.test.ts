import { generateKeyPairSync } from 'node:crypto';
import {
  createTokenVerifier,
  es256KeyOfJwk,
  findAmong,
  hs256Key,
} from '@agent-messenger/service-kit';
import { startRedis } from '@agent-messenger/testkit';
import jwt from 'jsonwebtoken';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import type { TestAuth } from './setup';
import { secrets, startTestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let messages: FakeMessages;
const password = 'correct horse';

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
};
const [older, current, next] = [pair(), pair(), pair()];

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
});
afterAll(async () => {
  await messages.close();
  await redis.stop();
});

async function withAuth(
  env: Record<string, string>,
  work: (auth: TestAuth['auth']) => Promise<void>,
) {
  const service = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: redis.url, ...env });
  try {
    await work(service.auth);
  } finally {
    await service.close();
  }
}

async function tokenOf(auth: TestAuth['auth'], username: string): Promise<string> {
  await auth.register({ username, password });
  return (await auth.login({ username, password })).tokens.access_token;
}

const header = (token: string) => jwt.decode(token, { complete: true })?.header;

test('with a secret tokens are signed with HS256, and nothing is published', async () => {
  await withAuth({}, async (auth) => {
    const { kid } = hs256Key(secrets.JWT_SECRET);
    expect(header(await tokenOf(auth, 'symmetric'))).toMatchObject({ alg: 'HS256', kid });
    expect(await auth.jwks({})).toEqual({ keys: [] });
  });
});

test('with a private key tokens are signed with ES256, and who has what is published can verify them', async () => {
  const env = { JWT_SECRET: '', JWT_PRIVATE_KEY: current.privatePem };
  await withAuth(env, async (auth) => {
    const token = await tokenOf(auth, 'asymmetric');
    const { keys } = await auth.jwks({});
    expect(keys).toHaveLength(1);
    expect(header(token)).toMatchObject({ alg: 'ES256', kid: keys[0]?.kid });
    const verify = createTokenVerifier(findAmong(keys.map(es256KeyOfJwk)));
    await expect(verify(token)).resolves.toMatchObject({ kind: 'user' });

    const { api_key, agent } = await auth.createAgent({ name: 'Echo' });
    const { access_token } = await auth.agentToken({ api_key });
    await expect(verify(access_token)).resolves.toMatchObject({ identityId: agent.id });
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });
});

test('the keys before and after are published beside the current one, each once', async () => {
  const env = {
    JWT_PRIVATE_KEY: current.privatePem.replaceAll('\n', '\\n'),
    JWT_PREVIOUS_KEYS: `${older.privatePem}${next.publicPem}${current.publicPem}`,
  };
  await withAuth(env, async (auth) => {
    const { keys } = await auth.jwks({});
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(3);
    expect(keys).toHaveLength(3);
    expect(JSON.stringify(keys)).not.toContain('"d"');
    expect(header(await tokenOf(auth, 'rotated'))?.kid).toBe(keys[0]?.kid);
  });
});

test('a key can be published before it signs', async () => {
  await withAuth({ JWT_PREVIOUS_KEYS: next.publicPem }, async (auth) => {
    expect((await auth.jwks({})).keys).toHaveLength(1);
    expect(header(await tokenOf(auth, 'prepared'))).toMatchObject({ alg: 'HS256' });
  });
});
