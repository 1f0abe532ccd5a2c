import { ConfigError, loadConfig } from '@agent-messenger/service-kit';
import { createVapidKeys } from '@agent-messenger/testkit';
import { configSchema } from './config';

const needed = {
  INTERNAL_JWT_SECRET: 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc',
  MESSAGES_URL: 'http://127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
};

function problems(env: Record<string, string>): string {
  try {
    loadConfig(configSchema, { ...needed, ...env });
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

test('a provider is set up whole or not at all', () => {
  expect(problems({})).toBe('');
  expect(problems({ APNS_KEY_ID: 'x', APNS_TEAM_ID: 'y', APNS_TOPIC: 'z' })).toMatch(
    /APNS_KEY_PATH: /,
  );
  expect(problems({ WEBPUSH_PUBLIC_KEY: 'x' })).toMatch(
    /WEBPUSH_PRIVATE_KEY: [^]*WEBPUSH_SUBJECT: /,
  );
});

test('origins are origins', () => {
  expect(problems({ APNS_ORIGIN: 'https://api.sandbox.push.apple.com' })).toBe('');
  expect(problems({ APNS_ORIGIN: 'http://localhost' })).toContain('APNS_ORIGIN');
  expect(problems({ FCM_ORIGIN: 'https://fcm.example/path' })).toContain('FCM_ORIGIN');
  expect(problems({ WEBPUSH_ORIGINS: 'https://a.example,https://*.b.example' })).toBe('');
  expect(problems({ WEBPUSH_ORIGINS: 'a.example' })).toContain('WEBPUSH_ORIGINS');
});

test('a click on a notification leads to a conversation of a site', () => {
  const navigatesTo = (WEBPUSH_NAVIGATE: string) => problems({ WEBPUSH_NAVIGATE });
  expect(navigatesTo('https://chat.example/am/#{conversation_id}')).toBe('');
  expect(navigatesTo('https://chat.example/')).toContain('WEBPUSH_NAVIGATE');
  expect(navigatesTo('#{conversation_id}')).toContain('WEBPUSH_NAVIGATE');
  expect(navigatesTo('javascript:{conversation_id}')).toContain('WEBPUSH_NAVIGATE');
});

test('a VAPID key pair is a pair', () => {
  const [own, other] = [createVapidKeys(), createVapidKeys()];
  const WEBPUSH_SUBJECT = 'mailto:push@example.org';
  const keys = (WEBPUSH_PUBLIC_KEY: string, WEBPUSH_PRIVATE_KEY: string) =>
    problems({ WEBPUSH_SUBJECT, WEBPUSH_PUBLIC_KEY, WEBPUSH_PRIVATE_KEY });
  expect(keys(own.publicKey, own.privateKey)).toBe('');
  for (const wrong of [other.privateKey, own.publicKey, 'AA', 'no key']) {
    expect(keys(own.publicKey, wrong)).toContain('WEBPUSH_PRIVATE_KEY: ');
    expect(keys(own.publicKey, wrong)).not.toContain(wrong);
  }
});
