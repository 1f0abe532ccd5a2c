import type { Harness, TestGateway } from './harness';
import { ADMIN_KEY, AGENT, API_KEY, startHarness } from './harness';

let harness: Harness;
let here: TestGateway;
let there: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  [here, there] = [await harness.gateway(), await harness.gateway()];
});
afterAll(() => harness.close());

const end = (gateway: TestGateway, identityId: string) =>
  fetch(`${gateway.url}/admin/connections/${identityId}`, {
    method: 'DELETE',
    headers: { 'x-admin-key': ADMIN_KEY },
  });

describe.each(['socket', 'plain'] as const)('on %s', (transport) => {
  test.each<[string, '/client' | '/agent', string]>([
    ['a person', '/client', 'usr_1'],
    ['an agent', '/agent', AGENT],
  ])('%s whose connection is ended may come back, and does', async (_who, namespace, id) => {
    const auth = namespace === '/agent' ? { api_key: API_KEY } : { token: harness.token(id) };
    // Whichever gateway is asked.
    for (const gateway of [here, there]) {
      const socket = await harness[transport](there, namespace, auth).synced();
      expect((await end(gateway, id)).status).toBe(204);
      await socket.disconnected();
      expect(socket.all('closing')).toEqual([{ code: 'lease_lost', reconnect: true }]);
      socket.close();
    }
    const again = await harness[transport](here, namespace, auth).synced();
    expect(again.all('connected')).toMatchObject([{ identity: { id } }]);
    again.close();
  });
});

test('a plain WebSocket is closed with the code of those who come back', async () => {
  const socket = await harness.plain(here, '/client', { token: harness.token('usr_2') }).synced();
  await end(there, 'usr_2');
  expect(await socket.disconnected()).toBe('4410');
});

test('none of this is an error of the gateway', () => {
  expect([...here.errors, ...there.errors]).toEqual([]);
});
