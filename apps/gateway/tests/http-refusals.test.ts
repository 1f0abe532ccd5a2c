import type { RouteContract } from '@agent-messenger/contracts';
import { problemSchema, routes } from '@agent-messenger/contracts';
import { Wire } from '@agent-messenger/testkit';
import type { Harness, TestGateway } from './harness';
import { ADMIN_KEY, startHarness } from './harness';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ LOG_LEVEL: 'debug' });
  harness.store.addConversation('cnv_1', ['usr_1']);
});
afterAll(() => harness.close());

const LOGIN = 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('requests that cannot be read', () => {
  test.each([
    [
      'a header of 20 KB',
      `GET /health HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['a URL of 20 KB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    [
      'headers of 20 KB together',
      `GET /health HTTP/1.1\r\nHost: x\r\n${'X-Small: xxxxxxxx\r\n'.repeat(1_100)}\r\n`,
      431,
    ],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['TLS', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), 400],
    ['a method that is none', 'BREW /health HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no Host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['two lengths', `${LOGIN}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`, 400],
    [
      'a length and chunks',
      `${LOGIN}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a length that is none', `${LOGIN}Content-Length: -1\r\n\r\n`, 400],
    ['an obsolete line fold', 'GET /health HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n', 400],
    ['a NUL in a header', 'GET /health HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n', 400],
  ])('%s', async (_what, request, status) => {
    const answer = await Wire.exchange(gateway.url, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    // Nothing about why, who or where; Node.js itself answers, with a body at most that is empty.
    expect(answer).toMatch(/^HTTP\/1\.1 [^\r]+\r\nConnection: close\r\n/);
    expect(answer.split('\r\n\r\n')[1]).toMatch(/^0?$/);
  });

  test('a URL of 10 KB is one that does not exist', async () => {
    expect(
      await Wire.exchange(gateway.url, `GET /${'x'.repeat(10_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
    ).toMatch(/ 404 /);
  });
});

/** What must not be seen outside: places in the program, names of its parts. */
const INTERNALS = /node_modules|\/work\/|\.[jt]s\b|    at |Error:|zod|express|sqlite|redis|stack/i;

interface Refusal {
  status: number;
  code: string;
}

async function refusal(path: string, init: RequestInit = {}): Promise<Refusal> {
  const response = await fetch(gateway.url + path, {
    ...init,
    headers: {
      authorization: `Bearer ${harness.token('usr_1')}`,
      'x-admin-key': ADMIN_KEY,
      ...init.headers,
    },
  });
  const text = await response.text();
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(response.headers.get('set-cookie')).toBeNull();
  expect(text).not.toMatch(INTERNALS);
  return { status: response.status, code: problemSchema.parse(JSON.parse(text)).code };
}

const all = Object.values<RouteContract>(routes);
const NOT_FOUND = { status: 404, code: 'not_found' };
const INVALID = { status: 400, code: 'invalid_payload' };

describe('what is asked is refused in our words, without a word about how we work', () => {
  test('methods that a path does not have', async () => {
    const known = new Set(all.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`));
    for (const path of new Set(all.map((route) => route.path))) {
      for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
        if (known.has(`${method} ${path.replace(/:\w+/g, ':')}`)) continue;
        const target = path.replace(/:\w+/g, 'x');
        expect(await refusal(target, { method: method.toUpperCase() })).toEqual(NOT_FOUND);
      }
    }
  });

  test.each(['PROPFIND', 'SEARCH', 'LOCK', 'TRACE'])('the method %s', async (method) => {
    const answer = await Wire.exchange(
      gateway.url,
      `${method} /health HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    // TRACE would repeat the request, with its credentials.
    expect(answer).not.toContain('TRACE');
  });

  test.each([
    '/%',
    '/%zz',
    '/%ff',
    '/conversations/%e0%80%80',
    '/agents/%2e%2e%2f%2e%2e',
    '/%00',
    '//',
    '/..',
  ])('the path %s', async (path) => {
    const bearer = `Authorization: Bearer ${harness.token('usr_1')}\r\n`;
    const answer = await Wire.exchange(
      gateway.url,
      `GET ${path} HTTP/1.1\r\nHost: x\r\n${bearer}\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer.split('\r\n\r\n')[1]).not.toMatch(INTERNALS);
  });

  test.each([
    'limit=1&limit=2',
    'limit[]=1',
    'limit[$gt]=1',
    'limit=%ff',
    'cursor=a&cursor=b',
    `cursor=${'x'.repeat(5_000)}`,
    'cursor=',
    'limit=1e1',
    'limit=0x10',
    'limit=99999999999999999999',
  ])('the query %s', async (query) => {
    const expected = query.startsWith('limit[') ? undefined : INVALID;
    const ask = () => refusal(`/agents?${query}`);
    if (expected) expect(await ask()).toEqual(expected);
    // Not the name of anything: left out, as every name that is not known.
    else expect((await fetch(`${gateway.url}/agents?${query}`)).status).toBe(401);
  });

  const bodies: [string, string][] = [
    ['deep arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['deep objects', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)],
    [
      'deep metadata',
      `{"client_id":"c","content":"x","metadata":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}`,
    ],
    ['keys of prototypes', '{"__proto__":{"client_id":"c","content":"x"}}'],
    ['a constructor', '{"constructor":{"prototype":{"content":"x"}},"client_id":"c"}'],
    ['an endless number', `{"client_id":"c","content":${'9'.repeat(100_000)}}`],
    ['many keys', `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":0`).join(',')}}`],
    ['a lone surrogate', '{"client_id":"c","content":"\\ud800"}'],
    ['nothing', ''],
  ];
  test.each(bodies)('a body of %s', async (_what, body) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    expect(await refusal('/conversations/cnv_1/messages', init)).toEqual(INVALID);
    expect(Object.prototype).not.toHaveProperty('content');
  });

  test('a body is no larger than its route may need: 512 KiB for a message, 64 KiB for all else', async () => {
    const sized = (bytes: number) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ content: 'x'.repeat(bytes) }),
    });
    const tooLarge = { status: 413, code: 'payload_too_large' };
    for (const path of ['/auth/login', '/auth/refresh', '/conversations', '/admin/agents']) {
      expect(await refusal(path, sized(60_000))).toEqual(INVALID);
      expect(await refusal(path, sized(70_000))).toEqual(tooLarge);
    }
    expect(await refusal('/conversations/cnv_1/messages', sized(500_000))).toEqual(INVALID);
    expect(await refusal('/conversations/cnv_1/messages', sized(530_000))).toEqual(tooLarge);
  });

  test('keys of prototypes inside what is free are data, or refused', async () => {
    const body = '{"client_id":"proto","content":"x","metadata":{"__proto__":{"polluted":1}}}';
    const response = await fetch(`${gateway.url}/conversations/cnv_1/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${harness.token('usr_1')}`,
        'content-type': 'application/json',
      },
      body,
    });
    expect([201, 400]).toContain(response.status);
    expect({}).not.toHaveProperty('polluted');
  });
});

test('a 401 says what would be accepted, and nothing else does', async () => {
  const challengeOf = async (path: string, init: RequestInit = {}) => {
    const { status, headers } = await fetch(gateway.url + path, init);
    return [status, headers.get('www-authenticate')];
  };
  const challenged = [401, 'Bearer realm="agent-messenger"'];
  for (const path of ['/agents', '/conversations', '/admin/agents'])
    expect(await challengeOf(path)).toEqual(challenged);
  const headers = { authorization: 'Bearer amk_key1_Wrong' };
  expect(await challengeOf('/auth/agent/token', { method: 'POST', headers })).toEqual(challenged);
  expect(await challengeOf('/health')).toEqual([200, null]);
  expect(await challengeOf('/nope')).toEqual([404, null]);
});

test('no answer sets a cookie, and one that is sent means nothing', async () => {
  const cookie = `token=${harness.token('usr_1')}; access_token=${harness.token('usr_1')}`;
  for (const path of ['/health', '/agents', '/auth/login', '/openapi.json']) {
    const response = await fetch(gateway.url + path, { headers: { cookie } });
    expect(response.headers.get('set-cookie')).toBeNull();
    if (path === '/agents') expect(response.status).toBe(401);
  }
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
