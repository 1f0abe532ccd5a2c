import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ BASE_PATH: '/app/messenger' });
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());

test('REST is under the base path, and its description says so', async () => {
  const document = await fetch(`${gateway.url}/app/messenger/openapi.json`);
  expect(await document.json()).toMatchObject({ servers: [{ url: '/app/messenger' }] });
  const authorization = `Bearer ${harness.token('usr_1')}`;
  const agents = await fetch(`${gateway.url}/app/messenger/agents`, { headers: { authorization } });
  expect(agents.status).toBe(200);
});

test.each([
  ['a plain WebSocket', '/client/connect', (token: string) => ({ type: 'auth', data: { token } })],
  ['Socket.IO', '/socket.io/?EIO=4&transport=websocket', undefined],
])('%s is under the base path, and nowhere else', async (_name, path, frame) => {
  const token = harness.token('usr_1');
  const raw = await RawSocket.connect(gateway, `/app/messenger${path}`);
  raw.send(frame ? JSON.stringify(frame(token)) : `40/client,${JSON.stringify({ token })}`);
  await raw.frame((text) => text.includes('"synced"'));
  raw.socket.terminate();
  const { status, problem } = await RawSocket.refused(gateway, path);
  expect([status, problem.code]).toEqual([404, 'not_found']);
});

test.each(['/health', '/app/messengers/health', '/'])(
  '%s is told where everything is',
  async (path) => {
    const response = await fetch(gateway.url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: 'not_found',
      detail: expect.stringContaining('/app/messenger/') as string,
    });
  },
);

test('a socket path there without an upgrade names the proxy', async () => {
  const response = await fetch(`${gateway.url}/app/messenger/client/connect`);
  expect(response.status).toBe(426);
});
