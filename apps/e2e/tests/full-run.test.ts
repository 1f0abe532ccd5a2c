import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import { rest } from '@agent-messenger/testkit';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { record, type Recording } from './egress/recorded';
import { useEverything, type Secrets } from './egress/use-everything';
import { startPushStack, type PushStack } from './push-setup';

const SERVICES = ['gateway', 'auth', 'messages', 'push-worker'] as const;

let recording: Recording;
let push: PushStack;
let secrets: Secrets;

beforeAll(async () => {
  recording = record();
  const env = { ...recording.env, LOG_LEVEL: 'trace' };
  push = await startPushStack({
    env: { gateway: env, auth: env, messages: env, 'push-worker': env },
  });
  secrets = await useEverything(push);
  for (const file of ['jwt_secret', 'internal_jwt_secret', 'admin_api_key']) {
    secrets.set(file, readFileSync(join(push.stack.dataDir, file), 'utf8').trim());
  }
}, 120_000);
afterAll(async () => {
  await push.stop();
  recording.remove();
}, 60_000);

/** Which of the secrets are in this text. */
function found(text: string): string[] {
  return [...secrets].filter(([, secret]) => text.includes(secret)).map(([what]) => what);
}

describe('nothing that is secret gets out', () => {
  test('the run used secrets of every kind', () => {
    const kinds = new Set([...secrets.keys()].map((name) => name.replace(/ \d+$/, '')));
    expect([...kinds].sort()).toEqual([
      'API key',
      'access token',
      'activity',
      'admin key',
      'admin_api_key',
      'agent token',
      'answer',
      'device token',
      'failure',
      'internal_jwt_secret',
      'jwt_secret',
      'label',
      'message',
      'password',
      'push token',
      'refresh token',
      'title',
      'token',
    ]);
    for (const [, secret] of secrets) expect(secret.length).toBeGreaterThan(16);
  });

  test.each(['gateway-1', 'gateway-2', 'auth', 'messages', 'push-worker', 'redis', 'launcher'])(
    'into the log of %s',
    (name) => {
      const log = push.stack.logs(name);
      expect(found(log)).toEqual([]);
      // It was written at all, and a secret in it would be found.
      if (name !== 'launcher') expect(log.length).toBeGreaterThan(100);
      expect(found(`${log}${secrets.get('jwt_secret')}`)).toEqual(['jwt_secret']);
    },
  );

  test('into the audit log', async () => {
    const headers = { 'x-admin-key': push.stack.adminKey };
    const audit = await rest(push.url, 'GET', '/admin/audit?limit=100', { headers });
    const text = JSON.stringify(audit.body);
    expect(text).toContain('agent.create');
    expect(found(text)).toEqual([]);
  });

  test('into metrics', async () => {
    const { auth, gateways, messages, pushWorker } = push.stack;
    for (const { internalUrl } of [auth, messages, pushWorker, ...gateways]) {
      const text = await (await fetch(`${internalUrl}/metrics`)).text();
      expect(text).toContain('process_cpu');
      expect(found(text)).toEqual([]);
    }
  });

  test('into Redis', async () => {
    const log = createLogger({ name: 'test', level: 'silent' });
    const scope = new Scope(log);
    const redis = await connectRedis(push.stack.redisUrl, { name: 'test', log, scope });
    const texts: string[] = [];
    for await (const keys of redis.scanStream() as AsyncIterable<string[]>) {
      for (const key of keys) {
        const type = await redis.type(key);
        const value =
          type === 'string'
            ? await redis.get(key)
            : type === 'hash'
              ? await redis.hgetall(key)
              : type === 'list'
                ? await redis.lrange(key, 0, -1)
                : type === 'set'
                  ? await redis.smembers(key)
                  : type === 'zset'
                    ? await redis.zrange(key, '0', '-1')
                    : await redis.xrange(key, '-', '+');
        texts.push(key, JSON.stringify(value));
      }
    }
    await scope.close();
    // Leases, limits, jobs.
    for (const part of [':lease:', ':limit:', ':bull:']) {
      expect(texts.some((text) => text.includes(part))).toBe(true);
    }
    expect(found(texts.join('\n'))).toEqual([]);
  });
});

test('nothing goes out but to the hosts that are configured', () => {
  const { auth, messages, redisUrl } = push.stack;
  const pushServices = Object.values(push.standins.env).filter((value) => /^https:/.test(value));
  const configured = [redisUrl, auth.internalUrl, messages.internalUrl, ...pushServices];
  const allowed = new Set(
    configured.flatMap((url) => {
      const { host, hostname } = new URL(url);
      return [`tcp ${host}`, `dns ${hostname}`];
    }),
  );

  const contacts = recording.contacts();
  for (const service of SERVICES) {
    const own = contacts.filter(({ program }) => program.includes(`/apps/${service}/`));
    // It is recorded, and has talked to Redis at least.
    expect(own.some(({ kind }) => kind === 'start')).toBe(true);
    expect(own).toContainEqual(
      expect.objectContaining({ kind: 'tcp', target: new URL(redisUrl).host }),
    );
  }
  const elsewhere = contacts.filter(
    ({ kind, target }) => kind !== 'start' && !allowed.has(`${kind} ${target}`),
  );
  expect(elsewhere).toEqual([]);
});
