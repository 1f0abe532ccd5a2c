import type { Harness, TestGateway } from './harness';
import { startHarness } from './harness';

const PREFIX = 'access-control-';

const APP = 'https://app.example';
const EVIL = 'https://evil.example';

let harness: Harness;
let open: TestGateway;
let closed: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  open = await harness.gateway({ CORS_ORIGINS: `${APP}/, https://two.example` });
  closed = await harness.gateway();
});
afterAll(() => harness.close());

async function cors(
  { url }: TestGateway,
  origin: string,
  method = 'OPTIONS',
): Promise<Record<string, string>> {
  const response = await fetch(`${url}/health`, {
    method,
    headers: {
      origin,
      ...(method === 'OPTIONS' && {
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-admin-key',
      }),
    },
  });
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => {
    if (name.startsWith(PREFIX)) headers[name.slice(PREFIX.length)] = value;
  });
  return headers;
}

test('a configured page may call, with a token and a body, not with the admin key or cookies', async () => {
  expect(await cors(open, APP)).toEqual({
    'allow-origin': APP,
    'allow-methods': 'GET,POST,PUT,PATCH,DELETE',
    'allow-headers': 'Authorization,Content-Type',
    'expose-headers':
      'Retry-After,RateLimit-Limit,RateLimit-Remaining,RateLimit-Reset,X-Request-Id',
    'max-age': '7200',
  });
  expect(await cors(open, APP, 'GET')).toMatchObject({ 'allow-origin': APP });
});

test('another page may not, and by default none may', async () => {
  for (const method of ['OPTIONS', 'GET']) {
    expect(await cors(open, EVIL, method)).not.toHaveProperty('allow-origin');
    expect(await cors(open, 'null', method)).not.toHaveProperty('allow-origin');
    expect(await cors(closed, APP, method)).not.toHaveProperty('allow-origin');
  }
});

test('what is refused says so to the page as well', async () => {
  const response = await fetch(`${open.url}/conversations`, { headers: { origin: APP } });
  expect(response.status).toBe(401);
  expect(response.headers.get('access-control-allow-origin')).toBe(APP);
  expect(response.headers.get('vary')).toContain('Origin');
});

test('preflights count as requests, and a page may read that there were too many', async () => {
  const limited = await harness.gateway({ CORS_ORIGINS: APP, REQUESTS_PER_MINUTE_IP: '2' });
  const preflight = () =>
    fetch(`${limited.url}/conversations`, {
      method: 'OPTIONS',
      headers: { origin: APP, 'access-control-request-method': 'GET' },
    });
  for (const remaining of ['1', '0']) {
    const answered = await preflight();
    expect(answered.status).toBe(204);
    expect(answered.headers.get('ratelimit-remaining')).toBe(remaining);
  }
  const refused = await preflight();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('access-control-allow-origin')).toBe(APP);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});
