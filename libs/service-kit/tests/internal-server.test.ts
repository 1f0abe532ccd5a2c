import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { z } from 'zod';
import { createClient, createStreamClient } from '../src/client';
import { pingService } from '../src/probe-services';
import { AppError } from '../src/app-error';
import { toWireError } from '../src/errors';
import { createApp, createHttpServer, listen } from '../src/http';
import { JsonAnswer } from '../src/json-answer';
import { createLogger } from '../src/logger';
import { observeRequests } from '../src/observe-requests';
import { OtelTracing } from '../src/otel-tracing';
import { Scope } from '../src/scope';
import { openInternalServer } from '../src/serve-internal';
import { createRegistry, errorCounter } from '../src/service-metrics';
import { createServiceTokens } from '../src/service-tokens';
import type { Tracing } from '../src/tracing';

const SECRET = 'between-services-'.repeat(3);
const config = { INTERNAL_PORT: 0, HOST: '127.0.0.1', INTERNAL_JWT_SECRET: SECRET };
const calls = {
  double: { request: z.object({ n: z.number() }), response: z.object({ n: z.number() }) },
  hang: { request: z.object({}), response: z.object({}) },
  fail: { request: z.object({}), response: z.object({}) },
};

function sink(lines: Record<string, unknown>[]) {
  return {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
}

function gate() {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

async function setup({ tracing }: { tracing?: Tracing } = {}) {
  const lines: Record<string, unknown>[] = [];
  const context = () => tracing?.logFields();
  const log = createLogger({ name: 'test', level: 'info', destination: sink(lines), context });
  const scope = new Scope(log);
  const metrics = createRegistry('test', '1.2.3');
  const server = await openInternalServer({ config, log, scope, metrics, tracing });
  const url = `http://127.0.0.1:${server.port}`;
  const clients = new Scope(log);
  const client = createClient(calls, {
    ...{ url, service: 'test', secret: SECRET, scope: clients },
    tracing,
  });
  afterThis.push(
    () => clients.close(),
    () => scope.close(),
  );
  const hung = gate();
  const hanging = gate();
  const serve = (redis: () => Promise<unknown> = async () => 'PONG') =>
    server.serve({
      calls,
      handlers: {
        double: ({ n }) => ({ n: 2 * n }),
        async hang() {
          hanging.open();
          await hung.passed;
          return {};
        },
        fail() {
          throw new TypeError('a bug');
        },
      },
      dependencies: { redis },
    });
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    const text = await response.text();
    return { status: response.status, text, headers: response.headers };
  };
  const readiness = async () => {
    const { status, text } = await get('/readyz');
    return { status, body: JSON.parse(text) as Record<string, unknown> };
  };
  return { server, scope, url, client, serve, get, readiness, lines, metrics, hung, hanging };
}
const afterThis: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of afterThis.splice(0)) await close();
});

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'ok',
    (error: unknown) => (error instanceof AppError ? error.code : 'other'),
  );

test('alive at once, ready when it says so, and not any more from the end on', async () => {
  const { server, scope, client, serve, get, readiness, url, hung, hanging } = await setup();
  expect((await get('/livez')).status).toBe(200);
  expect(await readiness()).toEqual({
    status: 503,
    body: { status: 'starting', dependencies: {} },
  });
  expect(await codeOf(client.double({ n: 1 }))).toBe('unavailable');
  await expect(pingService(url)).rejects.toThrow('503');

  serve();
  expect((await readiness()).status).toBe(503);
  const drained = gate();
  scope.defer('what is in front of it', () => drained.passed);
  server.ready();
  expect(await readiness()).toEqual({
    status: 200,
    body: {
      status: 'ready',
      dependencies: { redis: { status: 'ok', latency_ms: expect.any(Number) as unknown } },
    },
  });
  expect(await client.double({ n: 4 })).toEqual({ n: 8 });
  await pingService(url);

  const underWay = client.hang({});
  await hanging.passed;
  const closed = scope.close();
  expect(await readiness()).toMatchObject({ status: 503, body: { status: 'draining' } });
  expect((await get('/livez')).status).toBe(200);
  // What is in front of it may still need it.
  expect(await client.double({ n: 5 })).toEqual({ n: 10 });
  drained.open();
  while ((await codeOf(client.double({ n: 6 }))) === 'ok');
  hung.open();
  expect(await codeOf(underWay)).toBe('ok');
  await closed;
  await expect(get('/livez')).rejects.toThrow();
});

test('an answer that is passed on is the bytes that came, and a refusal is one', async () => {
  const { server, url, client } = await setup();
  const clients = new Scope(createLogger({ name: 'test', level: 'silent' }));
  afterThis.push(() => clients.close());
  const json = createStreamClient(calls, { url, service: 'test', secret: SECRET, scope: clients });
  const text = '{ "n": 1e1, "of": "\u00fc" }';
  server.serve({
    calls,
    handlers: {
      double: () => new JsonAnswer<{ n: number }>(new TextEncoder().encode(text)),
      hang: () => ({}),
      fail() {
        throw new AppError('rate_limited', 'Later', { retryAfterMs: 7 });
      },
    },
  });
  const { body, length } = await json.double({ n: 5 });
  expect(length).toBe(Buffer.byteLength(text));
  expect(await textOf(body)).toBe(text);
  expect(await (await json.double({ n: 5 })).parse()).toEqual({ n: 10, of: 'ü' });
  expect(await client.double({ n: 5 })).toEqual({ n: 10, of: 'ü' });
  await expect(json.fail({})).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 7 });
});

test('a call is a POST of JSON with our token; all else has a code', async () => {
  const { serve, url, get, lines } = await setup();
  serve();
  const bearer = `Bearer ${createServiceTokens(SECRET, 'agent-messenger')()}`;
  const ask = async (call: string, init: RequestInit = {}, authorization = bearer) => {
    const response = await fetch(`${url}/internal/${call}`, {
      ...{ method: 'POST', body: '{"n":1}' },
      ...init,
      headers: { authorization },
    });
    const { code, n } = (await response.json()) as { code?: string; n?: number };
    expect(response.headers.get('x-request-id') === null).toBe(response.ok);
    return [response.status, code ?? n];
  };
  expect(await ask('double')).toEqual([200, 2]);
  expect(await ask('double?a=b')).toEqual([200, 2]);
  // Known by now.
  expect(await ask('double')).toEqual([200, 2]);
  expect(await ask('double', {}, `${bearer}x`)).toEqual([401, 'unauthorized']);
  expect(await ask('double', {}, 'Basic x')).toEqual([401, 'unauthorized']);
  // A clock that is wrong has all calls refused.
  expect(lines.filter(({ level }) => level === 50)).toHaveLength(1);
  expect(await ask('double', { method: 'PUT' })).toEqual([404, 'not_found']);
  expect(await ask('triple')).toEqual([503, 'unavailable']);
  expect(await ask('__proto__')).toEqual([503, 'unavailable']);
  expect(await ask('double', { body: '{' })).toEqual([400, 'invalid_payload']);
  expect(await ask('double', { body: '' })).toEqual([400, 'invalid_payload']);
  expect(await ask('double', { body: Buffer.from('{"n":"\xff"}', 'latin1') })).toEqual([
    400,
    'invalid_payload',
  ]);
  expect(await ask('double', { body: 'x'.repeat(32 * 1024 * 1024 + 1) })).toEqual([
    413,
    'payload_too_large',
  ]);
  expect(await ask('double')).toEqual([200, 2]);
  expect((await get('/internal')).status).toBe(404);
});

test('what is no JSON is no answer', async () => {
  const scope = new Scope(createLogger({ name: 'test', level: 'silent' }));
  afterThis.push(() => scope.close());
  const app = createApp();
  app.post('/internal/double', (_request, response) => void response.send('Welcome'));
  const port = await listen(createHttpServer(app), 0, '127.0.0.1', scope);
  const options = { url: `http://127.0.0.1:${port}`, service: 'test', secret: SECRET, scope };
  for (const client of [createStreamClient(calls, options), createClient(calls, options)]) {
    expect(await codeOf(client.double({ n: 1 }))).toBe('unavailable');
  }
});

test('a dependency that is down is told, and does not change readiness', async () => {
  const { server, serve, get, readiness } = await setup();
  serve(() => Promise.reject(new Error('down')));
  server.ready();
  expect(await readiness()).toEqual({
    status: 200,
    body: {
      status: 'ready',
      dependencies: { redis: { status: 'down', latency_ms: null, reason: 'no_answer' } },
    },
  });
  const brief = await get('/readyz?brief');
  expect([brief.status, brief.text]).toEqual([200, '{"status":"ready"}']);
  const { text } = await get('/metrics');
  expect(text).toContain('dependency_up{dependency="redis"} 0');
  expect(text).not.toContain('dependency_seconds{');
});

test('metrics: build, readiness, dependencies, and calls by template and status class, without probes', async () => {
  const { server, serve, get, client } = await setup();
  expect((await get('/metrics')).text).toContain('service_ready 0');
  serve();
  server.ready();
  await client.double({ n: 1 });
  expect(await codeOf(client.double({ n: 'x' as never }))).toBe('invalid_payload');
  await fetch(`http://127.0.0.1:${server.port}/users/usr_1`);
  await get('/readyz');
  const { text } = await get('/metrics');
  expect(text).toContain('build_info{service="test",version="1.2.3"} 1');
  expect(text).toContain('service_ready 1');
  expect(text).toContain('dependency_up{dependency="redis"} 1');
  expect(text).toMatch(/dependency_seconds\{dependency="redis"\} \d/);
  const counts = text.match(/http_request_seconds_count\{.*$/gm);
  expect(counts?.sort()).toEqual([
    'http_request_seconds_count{route="POST /internal/double",status="2xx"} 1',
    'http_request_seconds_count{route="POST /internal/double",status="4xx"} 1',
    'http_request_seconds_count{route="none",status="4xx"} 1',
  ]);
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  expect(text).toContain('# TYPE nodejs_gc_duration_seconds histogram');
});

test('an app behind it shares its request ids, and is measured once', async () => {
  const { server, get, metrics } = await setup();
  const rest = createApp();
  rest.use(observeRequests(metrics));
  rest.get('/admin/:what', (_request, response) => {
    response.json(response.getHeader('X-Request-Id'));
  });
  server.serve({ rest });
  const { text, headers } = await get('/admin/agents');
  expect(JSON.parse(text)).toBe(headers.get('x-request-id'));
  const counts = (await get('/metrics')).text.match(/http_request_seconds_count\{.*$/gm);
  expect(counts).toEqual(['http_request_seconds_count{route="GET /admin/:what",status="2xx"} 1']);
});

test('a request has an id: that of the caller if it is one, else ours; it is in the answer and in the log', async () => {
  const { server, serve, get, client, url, lines } = await setup();
  serve();
  server.ready();
  const idOf = async (given: string) => {
    const { headers } = await fetch(`${url}/livez`, { headers: { 'x-request-id': given } });
    return headers.get('x-request-id');
  };
  expect(await idOf('abc-1.2:3_x')).toBe('abc-1.2:3_x');
  const ours = /^[0-9a-f-]{36}$/;
  expect(await idOf('a b')).toMatch(ours);
  expect(await idOf('x'.repeat(65))).toMatch(ours);
  expect((await get('/livez')).headers.get('x-request-id')).toMatch(ours);

  const failure = await client.fail({}).catch((error: unknown) => error as AppError);
  const line = lines.find(({ msg }) => msg === 'unexpected error');
  expect(failure).toMatchObject({ code: 'internal', requestId: line?.['request_id'] });
  expect(line).toMatchObject({ path: '/internal/fail', request_id: expect.stringMatching(ours) });

  // The caller's own line leads to it.
  toWireError(failure, createLogger({ name: 'caller', level: 'info', destination: sink(lines) }));
  expect(lines.at(-1)).toMatchObject({ call_request_id: line?.['request_id'] });
});

test('what is logged in a call belongs to the trace of its caller; a call outside of one begins none', async () => {
  const exporter = new InMemorySpanExporter();
  const tracing = new OtelTracing(
    {
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      OTEL_TRACES_SAMPLER_ARG: 1,
      OTEL_BSP_SCHEDULE_DELAY: 10,
    },
    { service: 'test', version: '1', exporter },
  );
  const { server, serve, client, lines } = await setup({ tracing });
  afterThis.push(() => tracing.close());
  serve();
  server.ready();
  await client.double({ n: 1 });
  const trace = await tracing.run({ name: 'ask', kind: 'server' }, async () => {
    expect(await codeOf(client.fail({}))).toBe('internal');
    return tracing.logFields()?.trace_id;
  });
  expect(lines.map(({ msg, trace_id }) => [msg, trace_id])).toEqual([['unexpected error', trace]]);
  while (exporter.getFinishedSpans().length < 2) await new Promise(setImmediate);
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name, status }) => [name, status.code]).sort()).toEqual([
    ['POST /internal/fail', 2],
    ['ask', 0],
  ]);
});

test('lines of errors are counted, and say what they are part of', async () => {
  const lines: Record<string, unknown>[] = [];
  const metrics = createRegistry('test', '1');
  const errors = errorCounter(metrics);
  const log = createLogger({
    name: 'test',
    level: 'info',
    destination: sink(lines),
    context: () => ({ trace_id: 't1' }),
    onError: () => errors.inc(),
  });
  log.info('fine');
  log.child({ a: 1 }).error('not fine');
  log.fatal({ err: new Error('x') }, 'worse');
  expect(lines.map(({ msg, trace_id }) => [msg, trace_id])).toEqual([
    ['fine', 't1'],
    ['not fine', 't1'],
    ['worse', 't1'],
  ]);
  expect(await metrics.getSingleMetricAsString('log_errors_total')).toContain('log_errors_total 2');
});

describe('of several replicas', () => {
  const closed = 'http://127.0.0.1:1';
  const clientOf = (...url: string[]) => {
    const scope = createScope();
    return createClient(calls, { url, service: 'test', secret: SECRET, scope });
  };

  test('those that cannot be reached or are not ready are passed over', async () => {
    const starting = await setup();
    const ready = await setup();
    ready.serve();
    const urls = [closed, starting.url, ready.url];
    // Wherever it begins.
    for (let n = 0; n < 8; n += 1) {
      expect(await codeOf(clientOf(...urls).double({ n }))).toBe('ok');
    }
    ready.server.ready();
    await pingService(urls);
    await expect(pingService([closed, starting.url])).rejects.toThrow(/ECONNREFUSED|503/);
    expect(await codeOf(clientOf(closed, starting.url).double({ n: 1 }))).toBe('unavailable');
  });

  test('one that breaks off leaves in doubt whether it did what was asked, and is not asked next', async () => {
    let asked = 0;
    const breaking = createServer((socket) => {
      asked += 1;
      socket.once('data', () => socket.destroy());
    });
    breaking.listen(0, '127.0.0.1');
    await once(breaking, 'listening');
    afterThis.push(async () => void breaking.close());
    const { port } = breaking.address() as AddressInfo;
    const broken = `http://127.0.0.1:${port}`;
    const lost = await clientOf(broken)
      .double({ n: 1 })
      .catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: 'unavailable', inDoubt: true });
    const refused = await clientOf(closed)
      .double({ n: 1 })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable', inDoubt: false });

    const ready = await setup();
    ready.serve();
    const client = clientOf(broken, ready.url);
    asked = 0;
    const codes = [];
    for (let n = 0; n < 4; n += 1) codes.push(await codeOf(client.double({ n })));
    expect(codes.filter((code) => code !== 'ok')).toHaveLength(asked);
    expect(asked).toBeLessThan(2);
  });

  function createScope(): Scope {
    const scope = new Scope(createLogger({ name: 'test', level: 'silent' }));
    afterThis.push(() => scope.close());
    return scope;
  }
});
