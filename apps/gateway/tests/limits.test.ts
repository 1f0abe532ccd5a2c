import type { RouteContract, RouteName } from '@agent-messenger/contracts';
import { routes } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import type { TestGateway } from './harness';
import { AGENT, API_KEY, startHarness } from './harness';
import { statuses, useLimits } from './limits-setup';
import { RawSocket } from './raw-socket';

const setting = useLimits();
const { call, limited, send } = setting;

const budgetOf = ({ headers }: Response) =>
  ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`ratelimit-${name}`)));

/** Frames by hand: without an id they are answered by nothing. */
const nope = { socket: '42/client,["nope"]', plain: '{"type":"nope"}' };
const sync = {
  socket: '42/client,1["sync",{"conversation_id":"cnv_1","after_seq":0}]',
  plain: '{"type":"sync","data":{"conversation_id":"cnv_1","after_seq":0},"id":1}',
};

describe.each(['socket', 'plain'] as const)('%s', (transport) => {
  const connect = async (gateway: TestGateway, as: string) =>
    as === AGENT
      ? setting.harness[transport](gateway, '/agent', { api_key: API_KEY }).synced()
      : setting.harness[transport](gateway, '/client', {
          token: setting.harness.token(as),
        }).synced();
  const sendRaw = (socket: { raw(name: string, payload: object): Promise<unknown> }, id: string) =>
    socket.raw('message:send', { conversation_id: 'cnv_1', client_id: id, content: 'x' });

  test('messages of one identity are limited, and another one is served', async () => {
    const gateway = await limited({ SENDS_PER_MINUTE: '2' });
    const socket = await connect(gateway, 'usr_1');
    for (const id of ['a', 'b']) expect(await sendRaw(socket, id)).toMatchObject({ ok: true });
    const before = setting.harness.store.operations.length;
    const refused = await sendRaw(socket, 'c');
    expect(refused).toMatchObject({ ok: false, error: { code: 'rate_limited' } });
    const { retry_after_ms } = (refused as { error: { retry_after_ms: number } }).error;
    expect(retry_after_ms).toBeGreaterThan(0);
    expect(retry_after_ms).toBeLessThanOrEqual(60_000);
    expect(
      setting.harness.store.operations.slice(before).filter(({ op }) => op === 'send'),
    ).toEqual([]);
    expect(await sendRaw(await connect(gateway, 'usr_2'), 'd')).toMatchObject({ ok: true });
    // Reading and the rest go on.
    const page = { conversation_id: 'cnv_1', after_seq: 0 };
    expect(await socket.raw('sync', page)).toMatchObject({ ok: true });
  });

  test('messages from one address are limited, whoever sends them', async () => {
    const gateway = await limited({ SENDS_PER_MINUTE_IP: '3' });
    const [one, two] = [await connect(gateway, 'usr_1'), await connect(gateway, 'usr_2')];
    for (const id of ['e', 'f']) expect(await sendRaw(one, id)).toMatchObject({ ok: true });
    expect(await sendRaw(two, 'g')).toMatchObject({ ok: true });
    for (const socket of [one, two]) {
      expect(await sendRaw(socket, 'h')).toMatchObject({ error: { code: 'rate_limited' } });
    }
    // People's messages do not hold up an agent at the same address.
    expect(await sendRaw(await connect(gateway, AGENT), 'i')).toMatchObject({ ok: true });
  });

  test('reads, receipts and passing things are limited, each for itself', async () => {
    const gateway = await limited({
      READS_PER_MINUTE: '1',
      RECEIPTS_PER_MINUTE: '1',
      SIGNALS_PER_MINUTE: '1',
    });
    const socket = await connect(gateway, 'usr_1');
    const conversation_id = 'cnv_1';
    for (const [name, payload] of [
      ['sync', { conversation_id, after_seq: 0 }],
      ['read', { conversation_id, seq: 1 }],
      ['typing', { conversation_id, typing: true }],
    ] as const) {
      expect(await socket.raw(name, payload)).toMatchObject({ ok: true });
      expect(await socket.raw(name, payload)).toMatchObject({ error: { code: 'rate_limited' } });
    }
    for (const name of ['received', 'presence:watch', 'auth:refresh', 'nope']) {
      expect(await socket.raw(name, {})).toMatchObject({ error: { code: 'rate_limited' } });
    }
  });

  test('what is read costs its bytes, and who is watched is counted', async () => {
    const gateway = await limited({
      READS_PER_MINUTE: '10',
      SIGNALS_PER_MINUTE: '10',
      ANSWER_BYTES_PER_REQUEST: '1024',
    });
    const socket = await connect(gateway, 'usr_1');
    const large = `cnv_large${transport}`;
    setting.harness.store.addConversation(large, ['usr_1', AGENT]);
    const sent = { conversation_id: large, client_id: 'large', content: 'x'.repeat(20_000) };
    expect(await socket.raw('message:send', sent)).toMatchObject({ ok: true });
    const end = { conversation_id: 'cnv_1', after_seq: 1_000_000 };
    for (let n = 0; n < 9; n += 1) {
      expect(await socket.raw('sync', end)).toMatchObject({ ok: true });
    }
    const page = { conversation_id: large, after_seq: 0 };
    // What it costs is known when it is there: it counts for what comes next.
    expect(await socket.raw('sync', page)).toMatchObject({ ok: true });
    const refused = { ok: false, error: { code: 'rate_limited' } };
    expect(await socket.raw('sync', end)).toMatchObject(refused);
    const other = await connect(gateway, 'usr_2');
    expect(await other.raw('sync', end)).toMatchObject({ ok: true });

    const identities = Array.from({ length: 200 }, (_, n) => `usr_${n}`);
    expect(await other.raw('presence:watch', { identities })).toMatchObject({ ok: true });
    expect(await other.raw('presence:watch', { identities: ['usr_1'] })).toMatchObject(refused);
  });

  test('who does not stop is closed, and told when to come back', async () => {
    const gateway = await limited({ SIGNALS_PER_MINUTE: '1', REFUSALS_PER_MINUTE: '5' });
    const open = transport === 'plain' ? RawSocket.plainPerson : RawSocket.person;
    const raw = await open(gateway, setting.harness.token('usr_1'));
    for (let n = 0; n < 6; n += 1) raw.send(nope[transport]);
    raw.send(sync[transport]);
    await raw.frame((text) => text.includes('"last_seq"'));
    expect(raw.frames.filter((text) => text.includes('"closing"'))).toEqual([]);
    raw.send(nope[transport]);
    const closing = await raw.frame((text) => text.includes('"closing"'));
    expect(closing).toMatch(/"code":"rate_limited","reconnect":true,"retry_after_ms":[1-9]/);
    await raw.closed();
  });

  test('an agent has more for each of its conversations', async () => {
    const gateway = await limited({
      SENDS_PER_MINUTE: '4',
      SENDS_PER_MINUTE_IP: '4',
      AGENT_CONVERSATIONS_PER_BUDGET: '2',
    });
    const agent = await connect(gateway, AGENT);
    const before = setting.harness.store.counts;
    // The first request makes the gateway ask how many there are, and does not wait for it.
    await agent.raw('nope', {});
    await waitFor(() => setting.harness.store.counts > before);
    const count = [...setting.harness.store.conversations.values()].filter(({ members }) =>
      members.includes(AGENT),
    ).length;
    const budget = 4 * (1 + count / 2);
    await agent.raw('nope', {});
    const answers: unknown[] = [];
    for (let n = 0; n <= budget; n += 1) answers.push(await sendRaw(agent, `agent-${n}`));
    const accepted = answers.filter((answer) => (answer as { ok: boolean }).ok);
    expect(accepted).toHaveLength(budget);
    expect(answers.at(-1)).toMatchObject({ error: { code: 'rate_limited' } });
    // It is asked once a minute, not with each message.
    expect(setting.harness.store.counts).toBe(before + 1);
    setting.harness.store.addConversation(`cnv_more_${transport}`, ['usr_1', AGENT]);
  });

  test('a credential that has ended takes no place of its owner', async () => {
    const gateway = await limited({ TAKE_OVERS_PER_MINUTE: '2' });
    setting.harness.store.revoked.add('ses_stolen');
    const stolen = setting.harness.token('usr_1', { credentialId: 'ses_stolen' });
    for (let n = 0; n < 5; n += 1) {
      const refusal = setting.harness[transport](gateway, '/client', { token: stolen }).refused();
      expect((await refusal).code).toBe('unauthorized');
    }
    await connect(gateway, 'usr_1');
    await connect(gateway, 'usr_1');
    const token = setting.harness.token('usr_1');
    const one = setting.harness[transport](gateway, '/client', { token });
    expect((await one.refused()).code).toBe('rate_limited');
  });
});

describe('REST', () => {
  test('messages of one identity are limited, on all gateways together', async () => {
    const gateway = await limited({ SENDS_PER_MINUTE: '3' });
    const other = await setting.harness.gateway({
      SENDS_PER_MINUTE: '3',
      REDIS_PREFIX: setting.prefix(),
    });
    const accepted = await send(gateway, { as: 'usr_1' });
    expect(accepted.status).toBe(201);
    expect(budgetOf(accepted)).toEqual([3, 2, expect.any(Number)]);
    expect(budgetOf(await send(other, { as: 'usr_1' }))).toEqual([3, 1, expect.any(Number)]);
    expect(budgetOf(await send(gateway, { as: 'usr_1' }))).toEqual([3, 0, expect.any(Number)]);
    const refused = await send(other, { as: 'usr_1' });
    expect(refused.status).toBe(429);
    const [limit, remaining, reset] = budgetOf(refused);
    expect({ limit, remaining }).toEqual({ limit: 3, remaining: 0 });
    expect(reset).toBeGreaterThan(0);
    expect(reset).toBeLessThanOrEqual(60);
    expect(Number(refused.headers.get('retry-after'))).toBe(reset);
    expect(await refused.json()).toMatchObject({
      code: 'rate_limited',
      retry_after_ms: expect.any(Number) as number,
    });
    expect((await send(gateway, { as: 'usr_2' })).status).toBe(201);
  });

  test('messages from one address are limited, whoever sends them', async () => {
    const gateway = await limited({ SENDS_PER_MINUTE_IP: '2' });
    const ask = (n: number) => send(gateway, { as: `usr_${1 + (n % 2)}` });
    expect(await statuses(3, ask)).toEqual([201, 201, 429]);
    expect((await send(gateway, { key: API_KEY })).status).toBe(201);
  });

  test('what is refused because of the address costs the identity nothing', async () => {
    const gateway = await limited({
      SENDS_PER_MINUTE_IP: '2',
      SENDS_PER_MINUTE: '5',
      TRUST_PROXY: 'loopback',
    });
    const crowded = await statuses(9, () => send(gateway, { as: 'usr_1', from: '192.0.2.1' }));
    expect(crowded).toEqual([201, 201, ...Array.from({ length: 7 }, () => 429)]);
    const elsewhere = await statuses(4, (n) =>
      send(gateway, { as: 'usr_1', from: `192.0.2.${10 + n}` }),
    );
    expect(elsewhere).toEqual([201, 201, 201, 429]);
  });

  test('a session that has ended is refused, and spends nothing of its owner', async () => {
    const gateway = await limited({ SENDS_PER_MINUTE: '2' });
    setting.harness.store.revoked.add('ses_gone');
    const authorization = `Bearer ${setting.harness.token('usr_1', { credentialId: 'ses_gone' })}`;
    const path = `${gateway.url}/conversations/cnv_1/messages`;
    const stolen = await statuses(5, () =>
      fetch(path, { method: 'POST', headers: { authorization } }),
    );
    expect(new Set(stolen)).toEqual(new Set([401]));
    expect(await statuses(3, () => send(gateway, { as: 'usr_1' }))).toEqual([201, 201, 429]);
  });

  test('what is read costs its bytes', async () => {
    const gateway = await limited({ READS_PER_MINUTE: '10', ANSWER_BYTES_PER_REQUEST: '1024' });
    setting.harness.store.addConversation('cnv_largerest', ['usr_1', AGENT]);
    const path = '/conversations/cnv_largerest';
    const body = { client_id: 'large', content: 'x'.repeat(20_000) };
    await call(gateway, 'POST', `${path}/messages`, { as: 'usr_1', body });
    const read = (after: number) =>
      call(gateway, 'GET', `${path}/events?after_seq=${after}`, { as: 'usr_1' });
    expect(budgetOf(await read(0))).toEqual([10, 9, expect.any(Number)]);
    const refused = await read(1_000);
    expect([refused.status, budgetOf(refused)[1]]).toEqual([429, 0]);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
  });

  test('reads of one identity are limited, and its messages are not', async () => {
    const gateway = await limited({ READS_PER_MINUTE: '2' });
    const read = () => call(gateway, 'GET', '/agents', { as: 'usr_1' });
    expect(await statuses(3, read)).toEqual([200, 200, 429]);
    expect((await send(gateway, { as: 'usr_1' })).status).toBe(201);
  });

  test('an agent has more for each of its conversations', async () => {
    const gateway = await limited({ SENDS_PER_MINUTE: '2', AGENT_CONVERSATIONS_PER_BUDGET: '1' });
    await call(gateway, 'GET', '/conversations/cnv_1/events', { key: API_KEY });
    const answer = await waitFor(async () => {
      const one = await send(gateway, { key: API_KEY });
      return (budgetOf(one)[0] ?? 0) > 2 ? one : undefined;
    });
    const own = [...setting.harness.store.conversations.values()].filter(({ members }) =>
      members.includes(AGENT),
    );
    expect(budgetOf(answer)[0]).toBe(2 * (1 + own.length));
  });

  const hashing: [RouteName, string][] = [
    ['login', 'LOGINS_PER_MINUTE_IP'],
    ['changePassword', 'LOGINS_PER_MINUTE_IP'],
    ['deleteAccount', 'LOGINS_PER_MINUTE_IP'],
    ['register', 'LOGINS_PER_MINUTE_IP'],
    ['refresh', 'REFRESHES_PER_MINUTE_IP'],
    ['logout', 'REFRESHES_PER_MINUTE_IP'],
    ['agentToken', 'REFRESHES_PER_MINUTE_IP'],
  ];
  test.each(hashing)(
    '%s is limited by %s, before its body is looked at',
    async (name, variable) => {
      const gateway = await limited({ [variable]: '1', TRUST_PROXY: 'loopback' });
      const { method, path }: RouteContract = routes[name];
      const ask = (n: number, from = '192.0.2.1') =>
        call(gateway, method.toUpperCase(), path, {
          ...(name === 'agentToken' ? { key: 'amk_key1_Wrong' } : { as: `usr_${n}` }),
          from,
          body: 'garbage',
        });
      expect((await ask(1)).status).not.toBe(429);
      const refused = await ask(2);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect((await ask(3, '192.0.2.2')).status).not.toBe(429);
    },
  );

  test('whatever an address asks for is limited, also what does not exist', async () => {
    const gateway = await limited({ REQUESTS_PER_MINUTE_IP: '5' });
    const polling = '/socket.io/?EIO=4&transport=polling';
    const paths = ['/health', '/nope', '/admin/agents', '/openapi.json', polling, polling];
    expect(await statuses(6, (n) => call(gateway, 'GET', paths[n] ?? ''))).toEqual([
      200, 404, 401, 200, 426, 429,
    ]);
  });

  test('every route tells a budget, whatever it answers', async () => {
    const gateway = await limited({});
    for (const { method, path } of Object.values<RouteContract>(routes)) {
      const answer = await call(gateway, method.toUpperCase(), path.replace(/:\w+/g, 'x'));
      const [limit, remaining, reset] = budgetOf(answer);
      expect(limit).toBeGreaterThan(0);
      expect(remaining).toBeLessThan(limit ?? 0);
      expect(reset).toBeGreaterThan(0);
    }
  });
});

describe('without Redis', () => {
  test('nobody is refused for that, and each gateway counts by itself', async () => {
    const own = await startHarness();
    try {
      own.store.addConversation('cnv_1', ['usr_1']);
      const gateway = await own.gateway({ READS_PER_MINUTE: '2', LOGINS_PER_MINUTE_IP: '1' });
      const read = () =>
        fetch(`${gateway.url}/conversations/cnv_1/events`, {
          headers: { authorization: `Bearer ${own.token('usr_1')}` },
        });
      await own.redis.kill();
      expect(await statuses(3, read)).toEqual([200, 200, 429]);
      const login = () =>
        call(gateway, 'POST', '/auth/login', {
          body: { username: 'abc', password: 'x'.repeat(9) },
        });
      expect(await statuses(2, login)).toEqual([200, 429]);
    } finally {
      await own.close();
    }
  });

  test('a Redis that hangs holds nobody up until it is back, and is no refusal', async () => {
    const own = await startHarness();
    try {
      const gateway = await own.gateway();
      own.redis.pause();
      const login = await call(gateway, 'POST', '/auth/login', {
        body: { username: 'abc', password: 'x'.repeat(9) },
      });
      expect(login.status).toBe(200);
      own.redis.resume();
    } finally {
      await own.close();
    }
  });
});

test('what is refused is counted by the name of the limit, and by nothing else', async () => {
  const gateway = await limited({ READS_PER_MINUTE: '1', SENDS_PER_MINUTE: '1' });
  for (let n = 0; n < 3; n += 1) await call(gateway, 'GET', '/agents', { as: 'usr_1' });
  for (let n = 0; n < 2; n += 1) await send(gateway, { as: 'usr_1' });
  const text = await (await fetch(`${gateway.internalUrl}/metrics`)).text();
  expect(
    text
      .split('\n')
      .filter((line) => line.startsWith('gateway_rate_limited_total'))
      .sort(),
  ).toEqual([
    'gateway_rate_limited_total{limit="reads"} 2',
    'gateway_rate_limited_total{limit="sends"} 1',
  ]);
});

test('none of this is an error of the gateway', async () => {
  const gateway = await limited({ SENDS_PER_MINUTE: '1', REQUESTS_PER_MINUTE_IP: '3' });
  await statuses(5, () => send(gateway, { as: 'usr_1' }));
  expect(gateway.errors).toEqual([]);
});
