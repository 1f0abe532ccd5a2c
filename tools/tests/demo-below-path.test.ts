import { startStack, type Stack } from '@agent-messenger/testkit';
import { join } from 'node:path';
import { demoLoginCode, ensureDemo } from '../src/demo';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ environment: { BASE_PATH: '/am' } });
}, 60_000);
afterAll(() => stack.stop(), 60_000);

it('makes the demo, and pages that open, where the gateway serves under a path', async () => {
  const [gateway] = stack.gateways;
  const { url = '', internalUrl = '' } = gateway ?? {};
  const admin = { url: stack.adminUrl, key: stack.adminKey };
  const demo = await ensureDemo(url, admin, join(stack.dataDir, 'demo.json'));
  expect(demo).toMatchObject({ username: 'demo', agent: { name: 'Echo' } });
  // Found again: the person and the key of the first time work at this URL.
  expect(await ensureDemo(url, admin, join(stack.dataDir, 'demo.json'))).toEqual(demo);
  expect(await demoLoginCode(internalUrl, admin, demo)).toMatch(/./);
  for (const page of [`${url}/`, `${stack.adminUrl}/admin/`, `${url}/health`])
    expect([page, (await fetch(page)).status]).toEqual([page, 200]);
});
