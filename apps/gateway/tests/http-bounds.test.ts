import { waitFor, Wire } from '@agent-messenger/testkit';
import type { Harness, TestGateway } from './harness';
import { startHarness } from './harness';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway({ LOG_LEVEL: 'debug' });
});
afterAll(() => harness.close());

const LOGIN = 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('slow clients', () => {
  /** Each in a hurry about one thing only: what comes at once may reach a busy machine late. */
  let forHeaders: TestGateway;
  let forBodies: TestGateway;
  /** Cuts only what says nothing, and later than a busy machine comes round to what was said. */
  let talkative: TestGateway;
  beforeAll(async () => {
    forHeaders = await harness.gateway({
      LOG_LEVEL: 'debug',
      HTTP_HEADERS_TIMEOUT_MS: '300',
      HTTP_REQUEST_TIMEOUT_MS: '600000',
    });
    forBodies = await harness.gateway({
      LOG_LEVEL: 'debug',
      HTTP_HEADERS_TIMEOUT_MS: '2500',
      HTTP_REQUEST_TIMEOUT_MS: '2500',
    });
    talkative = await harness.gateway({ LOG_LEVEL: 'debug', HTTP_IDLE_TIMEOUT_MS: '4000' });
  });

  test('headers and bodies that take their time are cut, each at its own time', async () => {
    const slow = [
      // Headers, a request line, a body, a body in chunks.
      [forHeaders, 'GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ', 300],
      [forHeaders, 'GET /', 300],
      [forBodies, `${LOGIN}Content-Length: 500\r\n\r\n{"`, 2_500],
      [forBodies, `${LOGIN}Transfer-Encoding: chunked\r\n\r\n1f4\r\n`, 2_500],
    ] as const;
    await Promise.all(
      slow.map(async ([{ url }, begin, timeoutMs]) => {
        const from = performance.now();
        const wire = await Wire.open(url);
        await wire.drip(begin);
        expect(performance.now() - from).toBeGreaterThan(timeoutMs - 100);
        expect(wire.text).not.toMatch(/^HTTP\/1\.1 [25]/);
      }),
    );
  });

  test('who asks for a body and sends none is cut', async () => {
    const wire = await Wire.open(forBodies.url);
    wire.socket.write(`${LOGIN}Content-Length: 500\r\nExpect: 100-continue\r\n\r\n`);
    await wire.closed();
    expect(wire.text).not.toContain('200 OK');
  });

  test('silence is cut, before the first request and after one', async () => {
    const silent = await Wire.open(talkative.url);
    const ask = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';
    // Some clients send a line more after each request: it is the beginning of none.
    const asked = await Promise.all(
      [ask, `${ask}\r\n`].map(async (text) => {
        const wire = await Wire.open(talkative.url);
        wire.socket.write(text);
        return wire;
      }),
    );
    const late = await Wire.open(talkative.url);
    late.socket.write(ask);
    await waitFor(() => late.text.includes('200 OK'));
    late.socket.write('\r\n');
    const all = [...asked, late];
    await Promise.all([silent, ...all].map((wire) => wire.closed()));
    for (const { text } of all) expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test('who is quick is served again and again on one connection', async () => {
    const wire = await Wire.open(talkative.url);
    const count = () => wire.text.match(/HTTP\/1\.1 200 OK/g)?.length ?? 0;
    for (let n = 1; n <= 5; n += 1) {
      wire.socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
      await waitFor(() => count() === n, { intervalMs: 5 });
    }
    expect(wire.isClosed).toBe(false);
    wire.socket.destroy();
  });

  test('none of this is an error of the gateway', () => {
    expect([forHeaders, forBodies, talkative].flatMap(({ errors }) => errors)).toEqual([]);
  });
});

describe('connections are bounded', () => {
  const ask = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
  const begun = `${LOGIN}Content-Length: 500\r\nExpect: 100-continue\r\n\r\n`;

  test.each([
    ['of an address', { MAX_HTTP_CONNECTIONS_PER_IP: '3' }],
    ['in all', { MAX_HTTP_CONNECTIONS: '3' }],
  ])('%s: the one that has been idle for longest gives way', async (_what, env) => {
    const small = await harness.gateway(env);
    const used = await Wire.open(small.url);
    const others = [await Wire.open(small.url), await Wire.open(small.url)];
    used.socket.write(ask);
    await waitFor(() => used.text.includes('200 OK'), { intervalMs: 5 });
    expect(await Wire.exchange(small.url, ask)).toContain('200 OK');
    await others[0]?.closed();
    expect([used.isClosed, others[1]?.isClosed]).toEqual([false, false]);
    for (const { socket } of [used, ...others]) socket.destroy();
  });

  test('without an idle one the new one is closed; what asks is not disturbed', async () => {
    const small = await harness.gateway({ MAX_HTTP_CONNECTIONS_PER_IP: '2' });
    const busy = [await Wire.open(small.url), await Wire.open(small.url)];
    for (const { socket } of busy) socket.write(begun);
    await waitFor(() => busy.every(({ text }) => text.includes('100 Continue')), { intervalMs: 5 });
    expect(await Wire.exchange(small.url, ask)).toBe('');
    expect(busy.map(({ isClosed }) => isClosed)).toEqual([false, false]);
    for (const { socket } of busy) socket.destroy();
    await waitFor(async () => (await Wire.exchange(small.url, ask)).includes('200 OK'));
  });

  test('those of a proxy are for many', async () => {
    const small = await harness.gateway({
      MAX_HTTP_CONNECTIONS_PER_IP: '1',
      TRUST_PROXY: 'loopback',
    });
    const idle = [await Wire.open(small.url), await Wire.open(small.url)];
    expect(await Wire.exchange(small.url, ask)).toContain('200 OK');
    expect(idle.map(({ isClosed }) => isClosed)).toEqual([false, false]);
    for (const { socket } of idle) socket.destroy();
  });

  test('WebSockets are not among them', async () => {
    const small = await harness.gateway({ MAX_HTTP_CONNECTIONS_PER_IP: '1' });
    const people = [await harness.person(small, 'usr_a'), await harness.person(small, 'usr_b')];
    expect(await Wire.exchange(small.url, ask)).toContain('200 OK');
    for (const person of people) {
      expect(await person.raw('presence:watch', { identities: [] })).toMatchObject({ ok: true });
    }
  });
});

describe('answers that nobody takes', () => {
  const conversation_id = 'cnv_large';
  /** A page of 1.2 MB. */
  const page = () =>
    `GET /conversations/${conversation_id}/events?after_seq=0&limit=200 HTTP/1.1\r\nHost: x\r\n` +
    `Authorization: Bearer ${harness.token('usr_large')}\r\n\r\n`;

  test('are made one after another, and the connection is cut', async () => {
    // Later than a busy machine comes round to what is taken.
    const impatient = await harness.gateway({ HTTP_STALL_TIMEOUT_MS: '3000' });
    harness.store.addConversation(conversation_id, ['usr_large']);
    for (let n = 0; n < 20; n += 1) {
      await fetch(`${impatient.url}/conversations/${conversation_id}/messages`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${harness.token('usr_large')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ client_id: `large-${n}`, content: 'x'.repeat(60_000) }),
      });
    }
    const greedy = await Wire.open(impatient.url);
    greedy.socket.pause();
    greedy.socket.write(page().repeat(16));
    // What the kernels hold is all that there ever is of it.
    const timer = setInterval(() => greedy.socket.write('\r\n'), 50);
    await greedy.closed().finally(() => clearInterval(timer));
    const patient = await Wire.open(impatient.url);
    patient.socket.write(page().repeat(4));
    await waitFor(() => patient.text.match(/HTTP\/1\.1 200 OK/g)?.length === 4, { intervalMs: 5 });
    patient.socket.destroy();
  });
});

test('pages that nobody takes keep no connection either, whatever is sent meanwhile', async () => {
  const path = '/docs/swagger-ui-bundle.js';
  const impatient = await harness.gateway({ HTTP_STALL_TIMEOUT_MS: '500' });
  const greedy = await Wire.open(impatient.url);
  greedy.socket.pause();
  // As many as may wait.
  greedy.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(15));
  const timer = setInterval(() => greedy.socket.write('\r\n'), 50);
  await greedy.closed().finally(() => clearInterval(timer));
});

describe('who asks for more before it has its answers', () => {
  const asking = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const ask = asking('/openapi.json');

  test('gets them, as far as anybody needs that', async () => {
    const wire = await Wire.open(gateway.url);
    for (let round = 1; round <= 3; round += 1) {
      wire.socket.write(ask.repeat(16));
      const answered = () => wire.text.match(/HTTP\/1\.1 200 OK/g)?.length;
      await waitFor(() => answered() === 16 * round, { intervalMs: 5 });
    }
    wire.socket.destroy();
  });

  test.each(['/openapi.json', '/nope', '/socket.io/?EIO=4&transport=polling'])(
    'is cut beyond that: answers that nobody takes would fill the memory, of %s',
    async (path) => {
      const wire = await Wire.open(gateway.url);
      wire.socket.write(asking(path).repeat(1_000));
      await wire.closed();
      expect(wire.text.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(16);
    },
  );
});

test('none of this is an error of the gateway', () => {
  expect(gateway.errors).toEqual([]);
});
