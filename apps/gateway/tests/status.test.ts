import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());

test('a status is told, lives with its lease, and ends with it', async () => {
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
  const person = await harness.person(gateway, 'usr_1');
  await person.request('presence:watch', { identities: [AGENT] });
  const statuses = () => person.all('presence').map(({ status }) => status);
  const told = async (expected: string) => {
    await person.when(
      'presence',
      ({ status }) => status === expected && statuses().at(-1) === expected,
    );
  };

  const agent = await harness.agent(gateway);
  await told('online');
  expect(await agent.request('status:set', { status: 'busy' })).toEqual({ ok: true });
  await told('busy');

  // A take-over: the newer connection has not called itself anything.
  await harness.agent(gateway);
  await told('online');
  expect(await person.request('presence:watch', { identities: [AGENT] })).toMatchObject({
    presence: [{ status: 'online' }],
  });
  expect(await person.raw('status:set', { status: 'busy' })).toMatchObject({
    error: { code: 'forbidden' },
  });
});
