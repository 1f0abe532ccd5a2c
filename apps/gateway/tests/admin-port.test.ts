import type { RouteContract } from '@agent-messenger/contracts';
import { routes } from '@agent-messenger/contracts';
import type { Harness, TestGateway } from './harness';
import { ADMIN_KEY, startHarness } from './harness';

let harness: Harness;
let shown: TestGateway;
let hidden: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  shown = await harness.gateway();
  hidden = await harness.gateway({ ADMIN_ROUTES: '' });
});
afterAll(() => harness.close());

const all = Object.entries(routes) as [string, RouteContract][];
const admin = all.filter(([, { caller, port }]) => caller === 'admin' && port === undefined);
const internal = all.filter(([, { port }]) => port === 'internal');
/** The internal port has a readiness of its own, with the details. */
const others = all.filter(([name, { caller }]) => caller !== 'admin' && name !== 'readyz');

/** The status without a body: 401 without a key, something of the route's own with one, 404 where it is not. */
async function ask(url: string, { method, path }: RouteContract, key?: string): Promise<number> {
  const target = path.replace(/:\w+/g, 'agt_1');
  const headers: Record<string, string> = key === undefined ? {} : { 'x-admin-key': key };
  const response = await fetch(url + target, { method: method.toUpperCase(), headers });
  await response.arrayBuffer();
  return response.status;
}

test('there are admin routes', () => {
  expect(admin.length).toBeGreaterThan(10);
});

test.each(admin)('%s is on the internal port unless asked otherwise', async (_name, route) => {
  expect(await ask(shown.url, route)).toBe(401);
  expect(await ask(shown.internalUrl, route, ADMIN_KEY)).toBe(404);

  expect(await ask(hidden.url, route)).toBe(404);
  expect(await ask(hidden.url, route, ADMIN_KEY)).toBe(404);
  expect(await ask(hidden.internalUrl, route)).toBe(401);
  expect(await ask(hidden.internalUrl, route, 'wrong')).toBe(401);
});

test.each(internal)('%s is on the internal port, whatever is asked', async (_name, route) => {
  for (const { url, internalUrl } of [shown, hidden]) {
    expect(await ask(url, route, ADMIN_KEY)).toBe(404);
    expect(await ask(internalUrl, route)).toBe(401);
    expect(await ask(internalUrl, route, 'wrong')).toBe(401);
  }
});

test('a login link is made where operators are, and is good where everybody is', async () => {
  const made = await fetch(`${shown.internalUrl}/admin/users/usr_1/link`, {
    method: 'POST',
    headers: { 'x-admin-key': ADMIN_KEY },
  });
  expect(made.status).toBe(201);
  const { code } = (await made.json()) as { code: string };
  const answer = await fetch(`${shown.url}/auth/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  expect([answer.status, await answer.json()]).toMatchObject([200, { user_id: 'usr_1' }]);
});

test('on the internal port they work, with the key in its header', async () => {
  const create = (key: string) =>
    fetch(`${hidden.internalUrl}/admin/agents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-admin-key': key },
      body: JSON.stringify({ name: 'A' }),
    });
  expect((await create(ADMIN_KEY)).status).toBe(201);
  expect((await create(ADMIN_KEY.slice(1))).status).toBe(401);
});

test.each(others)('%s is on the public port only', async (_name, route) => {
  expect(await ask(hidden.internalUrl, route)).toBe(404);
});

test('the key counts in its header only, not in a URL, a body, or as a token', async () => {
  for (const path of [
    `/admin/agents?x-admin-key=${ADMIN_KEY}`,
    `/admin/agents?admin_key=${ADMIN_KEY}`,
    `/admin/agents?key=${ADMIN_KEY}`,
  ]) {
    expect((await fetch(shown.url + path)).status).toBe(401);
  }
  const authorization = `Bearer ${ADMIN_KEY}`;
  const response = await fetch(`${shown.url}/admin/agents`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, cookie: `key=${ADMIN_KEY}` },
    body: JSON.stringify({ name: 'A', admin_key: ADMIN_KEY }),
  });
  expect(response.status).toBe(401);
});

test('the internal port keeps what it had', async () => {
  expect((await fetch(`${hidden.internalUrl}/livez`)).status).toBe(200);
  expect((await fetch(`${hidden.internalUrl}/metrics`)).status).toBe(200);
  expect((await fetch(`${hidden.internalUrl}/nope`)).status).toBe(404);
  const call = await fetch(`${hidden.internalUrl}/internal/append`, { method: 'POST' });
  expect(call.status).toBe(401);
  expect(call.headers.get('www-authenticate')).toContain('agent-messenger-internal');
});
