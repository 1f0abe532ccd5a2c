import { waitFor } from '@agent-messenger/testkit';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';
import { RawSocket } from './raw-socket';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());

/** A send as it was written, whose number nobody has parsed. */
const body = (number: string) =>
  `{"client_id":"n:${number}","content":"${number}","metadata":{"a":[${number}]}}`;
const payload = (number: string) => body(number).replace('{', '{"conversation_id":"cnv_1",');

/** What each entrance answers, as text. */
const ENTRANCES = {
  'Socket.IO': async (number: string) => {
    const raw = await RawSocket.person(gateway, harness.token('usr_1'));
    raw.send(`42/client,7["message:send",${payload(number)}]`);
    return waitFor(() => raw.frames.find((text) => text.startsWith('43/client,7')));
  },
  'plain WebSocket': async (number: string) => {
    const raw = await RawSocket.plainPerson(gateway, harness.token('usr_1'));
    raw.send(`{"type":"message:send","data":${payload(number)},"id":7}`);
    return waitFor(() => raw.frames.find((text) => text.startsWith('{"type":"ack"')));
  },
  REST: async (number: string) => {
    const headers = {
      authorization: `Bearer ${harness.token('usr_1')}`,
      'content-type': 'application/json',
    };
    const path = `${gateway.url}/conversations/cnv_1/messages`;
    const response = await fetch(path, { method: 'POST', headers, body: body(number) });
    return response.text();
  },
};

describe.each(Object.entries(ENTRANCES))('%s', (_entrance, answer) => {
  test.each(['0.1000000000000000055', '1e400', '1e-400', '9007199254740993'])(
    'refuses %s, which would become another number',
    async (number) => {
      const text = await answer(number);
      expect(text).toContain('"invalid_payload"');
      expect(text).toContain('a double keeps');
    },
  );

  test.each(['0.1', '0.30000000000000004', '9007199254740991'])('takes %s', async (number) => {
    expect(await answer(number)).toContain(`"content":"${number}"`);
  });
});
