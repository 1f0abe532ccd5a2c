import { rest } from '@agent-messenger/testkit';
import type { Harness, TestGateway } from './harness';
import { startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());

test('who asks for page after page and does not read gets few of them into memory', async () => {
  const conversation_id = 'cnv_1';
  harness.store.addConversation(conversation_id, ['usr_1', 'usr_2']);
  for (let n = 0; n < 20; n += 1) {
    const body = { client_id: `c${n}`, content: 'x'.repeat(60_000) };
    const bearer = harness.token('usr_2');
    await rest(gateway.url, 'POST', `/conversations/${conversation_id}/messages`, { bearer, body });
  }
  const raw = await RawSocket.person(gateway, harness.token('usr_1'));
  const before = harness.store.reads.length;
  raw.stopReading();
  for (let id = 0; id < 500; id += 1) {
    raw.send(
      `42/client,${id}["sync",{"conversation_id":"${conversation_id}","after_seq":0,"limit":200}]`,
    );
  }
  // Another one is served meanwhile, and after the first have been read nothing more is.
  const other = await harness.person(gateway, 'usr_2');
  expect(await other.raw('sync', { conversation_id, after_seq: 0, limit: 1 })).toMatchObject({
    ok: true,
  });
  expect(harness.store.reads.length - before).toBeLessThan(100);
});
