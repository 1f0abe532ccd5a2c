import type { Problem, RouteContract } from '@agent-messenger/contracts';
import { errorCodeSchema, problemSchema, routes } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { request as httpRequest } from 'node:http';
import type { Harness, TestGateway } from './harness';
import { ADMIN_KEY, AGENT, API_KEY, startHarness } from './harness';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());

/** What clients can reach. */
const all = (Object.entries(routes) as [string, RouteContract][]).filter(
  ([, { port }]) => port !== 'internal',
);
const withBody = all.filter(([, { body }]) => body);
const withCaller = all.filter(([, { caller }]) => caller !== 'anyone');

const IDS: Record<string, string> = {
  conversation_id: 'cnv_1',
  agent_id: AGENT,
  user_id: 'usr_1',
  message_id: 'msg_1',
  key_id: 'key1',
  emoji: encodeURIComponent('👍'),
};
const pathOf = ({ path }: RouteContract) =>
  path.replace(/:(\w+)/g, (_match, name: string) => IDS[name] ?? 'x');

/** A credential that the route accepts. */
function credentialOf({ caller }: RouteContract): Record<string, string> {
  if (caller === 'anyone') return {};
  if (caller === 'admin') return { 'x-admin-key': ADMIN_KEY };
  if (caller === 'agent_key') return { authorization: `Bearer ${API_KEY}` };
  return { authorization: `Bearer ${harness.token('usr_1')}` };
}

async function call(
  route: RouteContract,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: string | undefined }> {
  const response = await fetch(gateway.url + pathOf(route), {
    method: route.method.toUpperCase(),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...credentialOf(route),
      ...headers,
    },
    ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }),
  });
  const text = await response.text();
  if (response.status < 400) return { status: response.status, code: undefined };
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = problemSchema.parse(JSON.parse(text));
  expect(problem.status).toBe(response.status);
  return { status: response.status, code: problem.code };
}

describe.each(withBody)('%s', (_name, route) => {
  test('malformed JSON', async () => {
    expect(await call(route, '{"a":')).toEqual({ status: 400, code: 'invalid_payload' });
  });

  test('another content type, or none', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      expect(await call(route, '{}', { 'content-type': type })).toEqual({
        status: 415,
        code: 'unsupported_media_type',
      });
    }
  });

  test('an encoding that is not supported', async () => {
    for (const headers of [
      { 'content-encoding': 'gzip' },
      { 'content-type': 'application/json; charset=latin1' },
    ] as Record<string, string>[]) {
      expect(await call(route, '{}', headers)).toEqual({
        status: 415,
        code: 'unsupported_media_type',
      });
    }
  });

  test('too large a body', async () => {
    expect(await call(route, JSON.stringify('x'.repeat(1024 * 1024)))).toEqual({
      status: 413,
      code: 'payload_too_large',
    });
  });

  test('invalid UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    expect(await call(route, body)).toEqual({ status: 400, code: 'invalid_payload' });
  });

  test('JSON of another shape', async () => {
    for (const body of ['null', '[]', '5', '"text"', 'true']) {
      expect(await call(route, body)).toEqual({ status: 400, code: 'invalid_payload' });
    }
  });
});

describe.each(withCaller)('%s', (_name, route) => {
  test('without a credential, before the body is looked at', async () => {
    const without = { authorization: '', 'x-admin-key': '' };
    const body = route.body ? '{"a":' : undefined;
    expect(await call(route, body, without)).toEqual({ status: 401, code: 'unauthorized' });
  });

  test('with a wrong one', async () => {
    for (const wrong of [
      { authorization: 'Bearer garbage', 'x-admin-key': 'wrong' },
      { authorization: `Basic ${API_KEY}`, 'x-admin-key': `${ADMIN_KEY}x` },
      { authorization: 'Bearer amk_key1_Wrong', 'x-admin-key': ADMIN_KEY.toLowerCase() },
    ]) {
      expect(await call(route, undefined, wrong)).toEqual({ status: 401, code: 'unauthorized' });
    }
  });

  if (route.caller === 'person') {
    test('with the credential of an agent', async () => {
      for (const credential of [API_KEY, harness.token(AGENT)]) {
        const headers = { authorization: `Bearer ${credential}` };
        expect(await call(route, undefined, headers)).toEqual({ status: 403, code: 'forbidden' });
      }
    });
  }
});

test('an admin key opens nothing else, and a person is no admin', async () => {
  const headers = { authorization: `Bearer ${harness.token('usr_1')}`, 'x-admin-key': '' };
  expect(await call(routes.createAgent, '{}', headers)).toMatchObject({ status: 401 });
  expect(
    await call(routes.listAgents, undefined, { authorization: '', 'x-admin-key': ADMIN_KEY }),
  ).toMatchObject({ status: 401 });
});

test.each([
  ['GET', '/nope'],
  ['GET', '/'],
  ['DELETE', '/health'],
  ['GET', '/metrics'],
  ['GET', '/livez'],
  ['POST', '/internal/append'],
  ['GET', '/conversations/CNV_1'],
  ['GET', '/conversations/cnv_1/../../metrics'],
])('%s %s is not there', async (method, path) => {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${harness.token('usr_1')}` },
  });
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problemSchema.parse(await response.json()).code).toBe('not_found');
});

test('a path that cannot be decoded is invalid', async () => {
  const status = await new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const headers = { authorization: `Bearer ${harness.token('usr_1')}` };
    httpRequest({ hostname, port, path: '/conversations/%ff', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(400);
});

test('every answer carries the protective headers and nothing about what we run', async () => {
  for (const path of ['/health', '/nope']) {
    const { headers } = await fetch(gateway.url + path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

test('a query beyond its bounds is invalid', async () => {
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'limit=1&limit=2']) {
    const route = { ...routes.listAgents, path: `/agents?${query}` };
    expect(await call(route)).toEqual({ status: 400, code: 'invalid_payload' });
  }
});

test('a limit is told with when to come back', async () => {
  const limited = await harness.gateway({ LOGINS_PER_MINUTE_IP: '1', REDIS_PREFIX: 'limited' });
  const login = () =>
    fetch(`${limited.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'somebody', password: 'some-password' }),
    });
  expect((await login()).status).toBe(200);
  const refused = await login();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(problemSchema.parse(await refused.json())).toMatchObject({ code: 'rate_limited' });
});

test('a message over REST is one of the log, without an epoch', async () => {
  const body = JSON.stringify({ client_id: 'rest-1', content: 'over REST' });
  expect((await call(routes.sendMessage, body)).status).toBe(201);
  expect(harness.store.operations.at(-1)).toMatchObject({ op: 'send', epoch: null });
});

test('no body whatever gets a 500', async () => {
  const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('cnv_1', 'agt_1', 'x'));
  const names = withBody.flatMap(([, { body }]) =>
    Object.keys((body as { shape?: object } | undefined)?.shape ?? {}),
  );
  const nearly = fc.dictionary(fc.constantFrom(...new Set(names)), fc.oneof(word, fc.jsonValue()));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...withBody.map(([, route]) => route)),
      fc.oneof(
        nearly.map((value) => JSON.stringify(value)),
        fc.json(),
        fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
      ),
      async (route, body) => {
        const { status, code } = await call(route, body);
        // Calls that the fakes do not answer are `unavailable`.
        expect(status).not.toBe(500);
        if (status >= 400) errorCodeSchema.parse(code);
      },
    ),
    { numRuns: 300 },
  );
  expect(gateway.errors).toEqual([]);
});

test.each([
  ['/client/connect', 'a proxy in front'],
  ['/agent/connect?x=1', 'a proxy in front'],
  ['/socket.io/?EIO=4&transport=websocket', 'a proxy in front'],
  ['/socket.io/?EIO=4&transport=polling', "transports: ['websocket']"],
])('%s without an upgrade says what is missing', async (path, remedy) => {
  const response = await fetch(gateway.url + path);
  expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
  const problem = (await response.json()) as Problem;
  expect(problem).toMatchObject({ status: 426, code: 'invalid_payload' });
  expect(problem.detail).toContain(remedy);
});
