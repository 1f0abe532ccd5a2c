import { ConfigError, loadConfig } from '@agent-messenger/service-kit';
import { LIFTED_LIMITS } from '@agent-messenger/testkit';
import { gatewayConfig } from './config';
import { limitsConfig } from './limits/limits-config';

const required = {
  INTERNAL_JWT_SECRET: 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc',
  JWT_SECRET: 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac',
  ADMIN_API_KEY: 'aB4-mn7Qx2Zw9Lk5Vt8Rp3Yd6Hs1Gf0Jc',
  REDIS_URL: 'redis://127.0.0.1:6379',
  AUTH_URL: 'http://auth:9090',
  MESSAGES_URL: 'https://messages:9090',
};
const load = (env: NodeJS.ProcessEnv) => loadConfig(gatewayConfig, { ...required, ...env });

test('by default no proxy is trusted and no foreign page may connect', () => {
  const config = load({});
  expect(config.TRUST_PROXY).toBeUndefined();
  expect(config.CORS_ORIGINS).toBeUndefined();
});

test('lists are split, and origins are written as browsers write them', () => {
  const env = {
    TRUST_PROXY: 'loopback, 10.0.0.0/8,::1',
    CORS_ORIGINS:
      ' https://App.Example:443/ ,http://localhost:3000,capacitor://localhost,chrome-extension://AbC,app://.',
  };
  expect(load(env)).toMatchObject({
    TRUST_PROXY: ['loopback', '10.0.0.0/8', '::1'],
    CORS_ORIGINS: [
      'https://app.example',
      'http://localhost:3000',
      'capacitor://localhost',
      'chrome-extension://AbC',
      'app://.',
    ],
  });
});

test.each([
  ['TRUST_PROXY', 'balancer'],
  ['TRUST_PROXY', '10.0.0.0/40'],
  ['TRUST_PROXY', 'true'],
  ['PROXY_PROTOCOL', 'on'],
  ['PROXY_PROTOCOL', 'v3'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'app.example'],
  ['CORS_ORIGINS', 'https://app.example, null'],
  ['CORS_ORIGINS', 'file:///home'],
  ['CORS_ORIGINS', 'capacitor://localhost/path'],
  ['CORS_ORIGINS', 'data:text/html,x'],
  ['AUTH_URL', 'ftp://auth'],
  ['MESSAGES_URL', 'messages:9090'],
  ['MAX_CONNECTION_AGE_S', '1900001'],
  ['MAX_CONNECTIONS_PER_IP', '0'],
  ['ADMIN_ROUTES', 'both'],
  ['SENDS_PER_MINUTE', '0'],
  ['AGENT_CONVERSATIONS_PER_BUDGET', '0'],
  ['HTTP_HEADERS_TIMEOUT_MS', '0'],
  ['HTTP_REQUEST_TIMEOUT_MS', '1e9'],
])('%s=%s is refused, and named', (name, value) => {
  expect(() => load({ [name]: value })).toThrow(ConfigError);
  expect(() => load({ [name]: value })).toThrow(new RegExp(`^ {2}${name}: `, 'm'));
});

const JWT_SECRET = required.JWT_SECRET;
test.each([
  ['one secret', { JWT_SECRET }],
  ['a secret and the one before', { JWT_SECRET, JWT_SECRET_PREVIOUS: required.ADMIN_API_KEY }],
  ['published keys', { JWT_SECRET: '', JWT_ES256: 'true' }],
  ['a secret and published keys', { JWT_SECRET, JWT_ES256: 'true' }],
])('access tokens are verified with %s', (_what, env) => {
  expect(() => load(env)).not.toThrow();
});

test.each([
  ['nothing to verify them with', {}, 'JWT_SECRET: is required, unless JWT_ES256 is true'],
  ['ES256 turned off', { JWT_ES256: 'false' }, 'JWT_SECRET: is required, unless JWT_ES256 is true'],
  [
    'a previous secret alone',
    { JWT_ES256: 'true', JWT_SECRET_PREVIOUS: JWT_SECRET },
    'JWT_SECRET_PREVIOUS: is nothing without JWT_SECRET',
  ],
  [
    'a short previous secret',
    { JWT_SECRET, JWT_SECRET_PREVIOUS: 'short' },
    'JWT_SECRET_PREVIOUS: must have at least 32 characters',
  ],
])('a gateway with %s does not start', (_what, env, problem) => {
  expect(() => load({ JWT_SECRET: '', ...env })).toThrow(`\n  ${problem}`);
});

test('what lifts the limits for tests and benchmarks lifts them all', () => {
  const limits = Object.keys(limitsConfig).filter((name) => name.includes('_PER_'));
  const budgets = limits.filter((name) => !name.endsWith('_PER_BUDGET'));
  expect(Object.keys(LIFTED_LIMITS).sort()).toEqual(budgets.sort());
  expect(() => load(LIFTED_LIMITS)).not.toThrow();
});

test('a wrong origin is told what is one', () => {
  expect(() => load({ CORS_ORIGINS: '*' })).toThrow(
    /CORS_ORIGINS: .*https:\/\/app\.example.*capacitor:\/\/localhost.*neither \* nor null/,
  );
});
