import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { createLogger } from './logger';

/** A logger of everything, and the lines that it wrote. */
function setup() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { log: createLogger({ name: 'test', level: 'trace', destination }), lines };
}

const token = jwt.sign({ sub: 'usr_1' }, 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac');
const apiKey = `amk_0123456789abcdef_${'s'.repeat(43)}`;

test.each<[string, unknown]>([
  ['a field', { token }],
  ['a field within', { auth: { token } }],
  ['a field within that', { handshake: { auth: { api_key: apiKey } } }],
  ['passwords', { password: token, body: { new_password: token, current_password: token } }],
  ['a header', { headers: { authorization: `Bearer ${token}` } }],
  ['a header of another name', { headers: { 'x-forwarded-authorization': `Bearer ${token}` } }],
  ['a URL', { url: `/client/connect?EIO=4&token=${token}&transport=websocket` }],
  ['a query whose token is none of ours', { url: `/client/connect?token=${'s'.repeat(43)}` }],
  ['a text', `refused: ${token} and ${apiKey}`],
  ['an error', { err: new Error(`bad token ${token} of ${apiKey}`) }],
  ['the cause of an error', { err: new Error('x', { cause: new Error(token) }) }],
  ['errors together', { err: new AggregateError([new Error(apiKey)]) }],
  ['the reason of something', { reason: String(new Error(`redis://u:${'s'.repeat(43)}@host`)) }],
  ['JSON in a text', { body: JSON.stringify({ credential: token }) }],
  ['a token whose signature is cut off', token.slice(0, token.lastIndexOf('.') + 1)],
])('secrets do not reach the log: %s', (_where, what) => {
  const { log, lines } = setup();
  if (typeof what === 'string') log.warn(what);
  else log.warn(what as object, 'something');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('[redacted]');
  for (const secret of [token, token.split('.')[1] ?? '', 's'.repeat(20)]) {
    expect(lines[0]).not.toContain(secret);
  }
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ name: 'test', level: 40 });
});

test('what is no secret stays', () => {
  const { log, lines } = setup();
  const what = {
    url: '/conversations/cnv_1/messages?limit=5&after_seq=2',
    key_id: '0123456789abcdef',
    redis: 'redis://127.0.0.1:6379/0',
    mail: 'mailto:operator@localhost',
    text: 'bearer of bad news, basic needs; eyJ is a prefix; amk_ too',
  };
  log.info(what, 'tokens are fine');
  const { url, key_id, redis, mail } = JSON.parse(lines[0] ?? '') as typeof what;
  expect({ url, key_id, redis, mail }).toEqual({
    url: what.url,
    key_id: what.key_id,
    redis: what.redis,
    mail: what.mail,
  });
});

test('the key id of an API key is told, its secret is not', () => {
  const { log, lines } = setup();
  log.info(`verified ${apiKey}`);
  expect(lines[0]).toContain('amk_0123456789abcdef_[redacted]');
});

test('of an error its type, message, stack, code and causes are told, and nothing that hangs on it', () => {
  const { log, lines } = setup();
  const command = { name: 'auth', args: ['user', 'the-password-of-redis'] };
  const cause = Object.assign(new TypeError('the cause'), { request: { body: 'the-body' } });
  const error = Object.assign(new Error('WRONGPASS', { cause }), { code: 'EAUTH', command });
  log.error({ err: error }, 'failed');
  log.error(error);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      err: {
        type: 'Error',
        message: 'WRONGPASS',
        stack: expect.stringContaining('logger.test') as string,
        code: 'EAUTH',
        cause: { type: 'TypeError', message: 'the cause' },
      },
    });
    expect(line).not.toMatch(/the-password-of-redis|the-body/);
  }
});

test('an endless chain of causes ends, and what is no error is told too', () => {
  const { log, lines } = setup();
  const error = new Error('loop');
  error.cause = error;
  log.error({ err: error });
  log.error({ err: 'a text' });
  expect(lines[0]?.match(/"message":"loop"/g)).toHaveLength(6);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ err: { message: 'a text' } });
});

test('what ioredis says when it cannot get in has no password', async () => {
  const { log, lines } = setup();
  const url = 'redis://messenger:the-password-of-redis@127.0.0.1:1';
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', (error) => log.warn({ err: error, reason: error.message, url }, 'lost'));
  await redis.connect().catch((error: unknown) => log.error({ err: error }, 'failed'));
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join('')).not.toContain('the-password-of-redis');
});

test('a long text costs its length, whatever is in it', () => {
  const { log, lines } = setup();
  // What is quadratic takes longer than a test may.
  for (const piece of ['a.', 'eyJ-', 'amk_a-', 'a://', '?token', 'Bearer ', 'eyJaaaa.', '://a']) {
    log.info(piece.repeat(50_000));
  }
  expect(lines).toHaveLength(8);
});
