import { routes } from '@agent-messenger/contracts';
import { ADMIN_KEY, startHarness, type Harness } from './harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

async function statusOf(env: NodeJS.ProcessEnv = {}) {
  const { url } = await harness.gateway(env);
  const answer = await fetch(`${url}/admin/status`, { headers: { 'x-admin-key': ADMIN_KEY } });
  expect(answer.status).toBe(200);
  return routes.getStatus.response.parse(await answer.json());
}

test('what is away is shown as away, beside what is there', async () => {
  // Nothing listens there; the store of these tests does not know of figures and queues.
  const { services, dependencies, storage, queues } = await statusOf({
    AUTH_URL: 'http://127.0.0.1:9',
  });
  expect(services).toEqual([
    { name: 'gateway', status: 'ok', version: expect.any(String) as string },
    { name: 'auth', status: 'down', version: null },
    { name: 'messages', status: 'ok', version: null },
    { name: 'push-worker', status: 'unknown', version: null },
  ]);
  expect(dependencies['auth']).toMatchObject({ status: 'down' });
  expect(dependencies['messages']).toMatchObject({ status: 'ok' });
  expect([storage.status, storage.used_bytes, queues]).toEqual(['unknown', null, null]);
});
