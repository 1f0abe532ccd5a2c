import { LIMITS } from '@agent-messenger/contracts';
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

const message = { conversation_id: 'cnv_1', client_id: 'early', content: 'too early' };

/** Socket.IO keeps the binary frames that follow such a header until all are there. */
const attachments = (count: number) => [
  `45${count + 1}-["x"${Array.from({ length: count + 1 }, (_, num) => `,{"_placeholder":true,"num":${num}}`).join('')}]`,
  ...Array.from({ length: count }, () => Buffer.alloc(100_000)),
];

/** How the two transports say the same. */
const transports = {
  'Socket.IO': {
    open: () => RawSocket.open(gateway),
    credentials: (auth: object) => `40/client,${JSON.stringify(auth)}`,
    request: (name: string, data: object) => `42/client,1${JSON.stringify([name, data])}`,
  },
  'plain WebSocket': {
    open: () => RawSocket.connect(gateway, '/client/connect'),
    credentials: (auth: object) => JSON.stringify({ type: 'auth', data: auth }),
    request: (name: string, data: object) => JSON.stringify({ type: name, data, id: 1 }),
  },
};

describe.each(Object.entries(transports))('%s', (name, { open, credentials, request }) => {
  const wrong = credentials({ token: 'garbage' });
  const right = () => credentials({ token: harness.token('usr_1') });

  /** What was written to the store by the time another message of the same kind is in it. */
  async function written(): Promise<string[]> {
    const person = await harness.person(gateway, 'usr_1');
    await person.send('cnv_1', 'witness', 'witness');
    person.close();
    const { log } = harness.store.conversations.get('cnv_1') ?? { log: [] };
    return log.flatMap((event) =>
      event.type === 'message.created' ? [event.message.content ?? ''] : [],
    );
  }

  test.each<[string, () => (string | Buffer)[]]>([
    ['a request before credentials', () => [request('message:send', message), right()]],
    ['requests behind wrong credentials', () => [wrong, request('message:send', message)]],
    [
      'right credentials behind wrong ones',
      () => [wrong, right(), request('message:send', message)],
    ],
    ['a request without any', () => [request('message:send', message)]],
    ['what no request is called', () => [request('nope', {}), right()]],
    ['a binary frame', () => [Buffer.from(right()), right()]],
    ['binary frames behind their header', () => attachments(9)],
    ['the header alone', () => attachments(0)],
    ['binary frames behind wrong credentials', () => [wrong, ...attachments(9)]],
  ])('%s: nothing is carried out, and the connection is closed at once', async (_what, frames) => {
    // That it says nothing would be heard sooner of the one that came first.
    const silent = await open();
    const raw = await open();
    const ended: RawSocket[] = [];
    for (const one of [silent, raw]) one.socket.on('close', () => ended.push(one));
    for (const frame of frames()) raw.send(frame);
    await raw.closed();
    expect(ended[0]).toBe(raw);
    silent.socket.terminate();
    expect(raw.frames.join()).not.toContain('"connected"');
    expect(await written()).not.toContain(message.content);
  });

  test.each([
    ['garbage', 'garbage'],
    ['empty', ''],
    ['long', 'x'.repeat(8_000)],
  ])('a token that is %s is refused at once', async (_what, token) => {
    const raw = await open();
    raw.send(credentials({ token }));
    await raw.frame((text) => /"code":"(unauthorized|invalid_payload)"/.test(text));
    raw.socket.close();
    await raw.closed();
  });

  test('a frame that is larger than credentials is not even parsed, from strangers', async () => {
    const raw = await open();
    raw.send(credentials({ token: harness.token('usr_1'), more: 'x'.repeat(20_000) }));
    await raw.closed();
    expect(raw.frames.join()).not.toContain('"connected"');
  });

  test('whoever is known may send larger frames', async () => {
    const raw = await open();
    raw.send(right());
    await raw.frame((text) => text.includes('"synced"'));
    const large = { ...message, client_id: `large-${name.length}`, content: 'x'.repeat(60_000) };
    raw.send(request('message:send', large));
    await raw.frame((text) => text.includes('"duplicate":false'));
    raw.socket.close();
  });

  test('what has come in time is heard, however busy the gateway was', async () => {
    const raw = await open();
    raw.send(right());
    // The process, gateway and peer, does nothing else meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LIMITS.handshakeMs + 100);
    await raw.frame((text) => text.includes('"synced"'));
    raw.socket.close();
  });

  test('silence is heard for 5 s, also when it is kept alive', async () => {
    const from = performance.now();
    const raw = await open();
    const timer = setInterval(() => raw.socket.ping(), 500);
    await raw.closed();
    clearInterval(timer);
    expect(performance.now() - from).toBeGreaterThan(4_500);
  });
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
