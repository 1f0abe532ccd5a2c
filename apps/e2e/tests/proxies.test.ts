import { routes, type Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  LIFTED_LIMITS,
  openTestSocket,
  rest,
  runsHere,
  startStack,
  TestSocketPlain,
  waitFor,
  type Agent,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import {
  isInstalled,
  PROXIES,
  startProxy,
  type ProxyName,
  type RunningProxy,
} from './proxies/start-proxy';

/** New sockets through each proxy while a gateway drains. */
const NEW_SOCKETS = 4;
const names = Object.keys(PROXIES) as ProxyName[];
/** In CI all, and those that are missing fail. */
const here = names.filter((name) => runsHere(isInstalled(name)));

let stack: Stack;
const proxies = new Map<ProxyName, RunningProxy>();
beforeAll(async () => {
  const gateway = { ...LIFTED_LIMITS, TRUST_PROXY: '127.0.0.1', DRAIN_SPREAD_MS: '4000' };
  stack = await startStack({ gateways: 2, env: { gateway } });
  const hostOf = (index: number) => new URL(gatewayOf(index).url).host;
  // One that does not start fails its own tests, not those of the others.
  await Promise.allSettled(
    here.map(async (name) => proxies.set(name, await startProxy(name, [hostOf(0), hostOf(1)]))),
  );
}, 120_000);
afterAll(async () => {
  await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
  await stack.stop();
}, 60_000);

const gatewayOf = (index: number) => {
  const found = stack.gateways[index];
  if (!found) throw new Error(`no gateway ${index}`);
  return found;
};

function proxyOf(name: ProxyName): RunningProxy {
  const found = proxies.get(name);
  if (!found) throw new Error(`${name} has not started`);
  return found;
}

describe.each(names)('%s', (name) => {
  const isHere = here.includes(name);
  const testHere = isHere ? test : test.skip;
  const from = `127.0.1.${names.indexOf(name) + 1}`;
  const madeUp = `6.6.6.${names.indexOf(name) + 1}`;
  let proxy: RunningProxy;
  let ann: Person;
  let agent: Agent;

  beforeAll(async () => {
    if (!isHere) return;
    proxy = proxyOf(name);
    ann = await createPerson(proxy.url);
    agent = await createAgent(stack.adminUrl, stack.adminKey);
  }, 60_000);

  testHere('REST and both kinds of sockets work', async () => {
    const created = await rest(proxy.url, 'POST', '/conversations', {
      bearer: ann.access_token,
      body: { agent_id: agent.id },
    });
    const conversation = created.body as Conversation;
    const listening = openTestSocket('socket.io', proxy.url, '/agent', { api_key: agent.api_key });
    await listening.synced();
    for (const transport of ['socket.io', 'ws'] as const) {
      const socket = openTestSocket(transport, proxy.url, '/client', { token: ann.access_token });
      await socket.synced();
      // Of control characters: as JSON it is six times as long.
      await socket.send(conversation.id, `id-${transport}`, '\u0001'.repeat(60_000));
      socket.close();
    }
    await waitFor(() => listening.all('event').length >= 2);
    listening.close();
  });

  testHere('the gateway itself says what is too large, and takes headers of 12 kB', async () => {
    const path = '/conversations/cnv_1/messages';
    const body = { client_id: 'large', content: 'x'.repeat(600_000) };
    const bearer = ann.access_token;
    const { status, body: problem } = await rest(proxy.url, 'POST', path, { bearer, body });
    expect({ status, problem }).toMatchObject({
      status: 413,
      problem: { code: 'payload_too_large' },
    });
    const headers = { cookie: `a=${'x'.repeat(12_000)}` };
    expect((await rest(proxy.url, 'GET', '/health', { headers })).status).toBe(200);
  });

  testHere('a page of the same site may connect', async () => {
    const { host, hostname, port } = new URL(proxy.url);
    const upgrade = request({
      ...{ hostname, port, path: '/client/connect' },
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'websocket', origin: `http://${host}`, host },
        ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
      },
    }).end();
    const answered = Promise.race([once(upgrade, 'upgrade'), once(upgrade, 'response')]);
    const [answer] = (await answered) as [IncomingMessage];
    expect(answer.statusCode).toBe(101);
    answer.socket.destroy();
  });

  testHere('an address that a client makes up does not count', async () => {
    const { hostname, port } = new URL(proxy.url);
    const login = request({
      ...{ hostname, port, method: 'POST', path: '/auth/login', localAddress: from },
      headers: { 'x-forwarded-for': madeUp, 'content-type': 'application/json' },
    });
    login.end(JSON.stringify({ username: ann.username, password: 'wrong password' }));
    const [answer] = (await once(login, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(401);
    const addresses = await waitFor(async () => {
      const headers = { 'x-admin-key': stack.adminKey };
      const { body } = await rest(stack.adminUrl, 'GET', '/admin/audit?limit=100', { headers });
      const ips = routes.listAudit.response.parse(body).entries.map(({ ip }) => ip);
      return ips.some((ip) => ip === from || ip === madeUp) && ips;
    });
    expect(addresses).toContain(from);
    expect(addresses).not.toContain(madeUp);
  });

  testHere('a token in the query is in no access log', async () => {
    const query = { token: ann.access_token };
    const socket = new TestSocketPlain(proxy.url, '/client', {}, { query });
    await socket.synced();
    socket.close();
    await rest(proxy.url, 'GET', `/health?token=${ann.access_token}`);
    const log = proxy.log();
    if (log === null) return;
    // Of sockets a line is written at their end.
    const text = await waitFor(() => {
      const now = proxy.log() ?? '';
      return /\/client\/connect[^]*\/health|\/health[^]*\/client\/connect/.test(now) && now;
    });
    expect(text).not.toContain('token=');
    expect(text).not.toContain(ann.access_token.slice(0, 40));
  });
});

/** Opens sockets through a proxy, one after the other, each until it is served. @returns all attempts */
async function openThrough(name: ProxyName, people: Person[]): Promise<TestSocketPlain[]> {
  const attempts: TestSocketPlain[] = [];
  for (const { access_token: token } of people) {
    await waitFor(async () => {
      const socket = new TestSocketPlain(proxyOf(name).url, '/client', { token });
      attempts.push(socket);
      return socket.synced().catch(() => undefined);
    });
  }
  return attempts;
}

test('a gateway that drains gets no new sockets, whichever proxy is before it', async () => {
  const gateway = gatewayOf(0);
  const newPerson = () => createPerson(gatewayOf(1).url);
  const held = await newPerson();
  const people = new Map<ProxyName, Person[]>();
  for (const name of here) {
    people.set(name, await Promise.all(Array.from({ length: NEW_SOCKETS }, newPerson)));
  }
  // Whoever is there keeps it from ending at once.
  await new TestSocketPlain(gateway.url, '/client', { token: held.access_token }).synced();
  const stopped = gateway.stop();
  await waitFor(async () => (await fetch(`${gateway.url}/readyz`)).status === 503);

  const opened = await Promise.all(
    here.map(async (name) => [name, await openThrough(name, people.get(name) ?? [])] as const),
  );
  await stopped;
  for (const [name, attempts] of opened) {
    // What is asked now is answered after whatever came before it.
    const alive = attempts.filter(({ closed }) => closed === undefined);
    expect([name, alive.length]).toEqual([name, NEW_SOCKETS]);
    for (const socket of alive) {
      const page = { conversation_id: 'cnv_none', after_seq: 0 };
      expect(await socket.raw('sync', page)).toMatchObject({ ok: false });
      socket.close();
    }
    // Refused at the upgrade, never taken in and sent away.
    const sentAway = attempts.filter(({ closed }) => closed?.code === 4503);
    expect([name, sentAway]).toEqual([name, []]);
  }
}, 120_000);
