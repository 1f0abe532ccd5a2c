import type { Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  findRoot,
  rest,
  startStack,
  TestSocket,
  waitFor,
  type Stack,
} from '@agent-messenger/testkit';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

let stack: Stack;
beforeAll(async () => {
  // One of them for the conversation, which is opened by REST.
  stack = await startStack({ gateways: 1, env: { gateway: { SENDS_PER_MINUTE: '4' } } });
}, 60_000);
afterAll(() => stack.stop(), 60_000);

const services = () => ({
  gateway: stack.gateways[0]?.internalUrl ?? '',
  auth: stack.auth.internalUrl,
  messages: stack.messages.internalUrl,
  'push-worker': stack.pushWorker.internalUrl,
});
type Service = keyof ReturnType<typeof services>;

async function metricsOf(service: Service): Promise<string> {
  return (await fetch(`${services()[service]}/metrics`)).text();
}

/** The value of a series; undefined when there is none. */
async function valueOf(service: Service, series: string): Promise<number | undefined> {
  const line = (await metricsOf(service)).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

test('what people do is counted', async () => {
  const url = stack.gateways[0]?.url ?? '';
  const person = await createPerson(url);
  const agent = await createAgent(url, stack.adminKey);
  const bearer = person.access_token;
  const opened = await rest(url, 'POST', '/conversations', {
    bearer,
    body: { agent_id: agent.id },
  });
  const { id } = opened.body as Conversation;
  const wrong = { username: person.username, password: 'not the password' };
  expect((await rest(url, 'POST', '/auth/login', { body: wrong })).status).toBe(401);

  const sender = await new TestSocket(url, '/client', { token: bearer }).synced();
  const reader = await new TestSocket(url, '/agent', { api_key: agent.api_key }).synced();
  await sender.send(id, 'one', 'text');
  await sender.send(id, 'one', 'text');
  await waitFor(() => reader.contents.length === 1);
  await sender.send(id, 'two', 'text');
  await expect(sender.send(id, 'three', 'text')).rejects.toThrow('rate_limited');
  const again = await new TestSocket(url, '/client', { token: bearer }).synced();
  await waitFor(async () => (await valueOf('gateway', 'gateway_connections')) === 2);
  again.close();
  await waitFor(async () => (await valueOf('gateway', 'gateway_connections')) === 1);
  reader.close();
  await waitFor(async () => (await valueOf('gateway', 'gateway_connections')) === 0);

  await waitFor(async () => (await valueOf('messages', 'messages_relay_lag_events')) === 0);
  const counted: [Service, string, number][] = [
    ['gateway', 'gateway_connects_total{outcome="accepted"}', 3],
    ['gateway', 'gateway_closes_total{code="replaced"}', 1],
    ['gateway', 'gateway_closes_total{code="peer"}', 2],
    ['gateway', 'gateway_closes_total{code="lease_lost"}', 0],
    ['gateway', 'gateway_resume_events_count', 3],
    ['gateway', 'gateway_request_seconds_count{event="message:send"}', 4],
    ['gateway', 'gateway_requests_refused_total{event="message:send",code="rate_limited"}', 1],
    ['gateway', 'gateway_rate_limited_total{limit="sends"}', 1],
    ['messages', 'messages_operations_total{op="send",outcome="ok"}', 2],
    ['messages', 'messages_operations_total{op="send",outcome="duplicate"}', 1],
    ['messages', 'messages_relay_lag_seconds', 0],
    ['messages', 'messages_relay_lag_events', 0],
    ['auth', 'auth_logins_total{outcome="ok"}', 1],
    ['auth', 'auth_logins_total{outcome="unauthorized"}', 1],
    ['gateway', 'http_request_seconds_count{route="POST /auth/login",status="4xx"}', 1],
    ['auth', 'http_request_seconds_count{route="POST /internal/login",status="2xx"}', 1],
  ];
  for (const [service, series, value] of counted) {
    expect([series, await valueOf(service, series)]).toEqual([series, value]);
  }
  for (const [service, series] of [
    ['gateway', 'gateway_delivery_seconds_count'],
    ['gateway', 'gateway_events_written_total'],
    ['gateway', 'gateway_append_seconds_count'],
    ['messages', 'messages_append_seconds_count'],
    ['messages', 'messages_relayed_events_total'],
    ['messages', 'messages_sqlite_bytes'],
    ['messages', 'messages_disk_free_bytes'],
    ['auth', 'auth_bcrypt_seconds_count{operation="compare"}'],
    ['auth', 'auth_bcrypt_wait_seconds_count'],
  ] as const) {
    expect([series, await valueOf(service, series)]).toEqual([series, expect.any(Number)]);
    expect(await valueOf(service, series)).toBeGreaterThan(0);
  }
});

test.each<Service>(['gateway', 'auth', 'messages', 'push-worker'])(
  '%s measures what it says that it does',
  async (service) => {
    const exposed = [...(await metricsOf(service)).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    const entry = join(findRoot(), 'apps', service, 'dist', 'main.js');
    const described = JSON.parse(
      execFileSync(process.execPath, [entry, '--metrics'], { encoding: 'utf8' }),
    ) as { name: string; type: string }[];
    // This stack stores in SQLite; what a replica on PostgreSQL measures is in
    // apps/messages/tests/postgres/metrics.test.ts.
    const expected = described.filter(({ name }) => !name.startsWith('messages_postgres_'));
    expect(exposed.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(
      expected.map(({ name, type }) => `${name} ${type}`).sort(),
    );
  },
);

test.each<Service>(['gateway', 'auth', 'messages', 'push-worker'])(
  'no label of %s holds an id',
  async (service) => {
    await rest(stack.gateways[0]?.url ?? '', 'GET', '/conversations/cnv_somebody-made-up/nothing');
    const values = [...(await metricsOf(service)).matchAll(/="([^"]*)"/g)].map(
      ([, value]) => value,
    );
    expect(values.length).toBeGreaterThan(10);
    for (const value of values) {
      expect(value).not.toMatch(/(usr|agt|cnv|msg|ses|amk)_|[0-9a-f]{8}-[0-9a-f]{4}|made-up|\bp-/);
    }
  },
);

test('an operator sees at once whom a service waits for', async () => {
  const answer = await fetch(`${services().gateway}/readyz`);
  expect(answer.status).toBe(200);
  const ok = { status: 'ok', latency_ms: expect.any(Number) as unknown };
  expect(await answer.json()).toEqual({
    status: 'ready',
    dependencies: { redis: ok, messages: ok, store: ok, auth: ok },
  });
});
