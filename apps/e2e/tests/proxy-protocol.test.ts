import { routes, type Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  freePort,
  LIFTED_LIMITS,
  openTestSocket,
  rest,
  runsHere,
  startStack,
  waitFor,
  type Stack,
} from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HAPROXY = '/usr/sbin/haproxy';
/** From where it comes to the gateway. */
const PROXY_ADDRESS = '127.0.0.5';
const VERSIONS = { 'send-proxy': 1, 'send-proxy-v2': 2 } as const;
type Version = keyof typeof VERSIONS;
const versions = Object.keys(VERSIONS) as Version[];

let stack: Stack;
let gateway: URL;
const closers: (() => void)[] = [];

beforeAll(async () => {
  const env = { ...LIFTED_LIMITS, TRUST_PROXY: PROXY_ADDRESS, PROXY_PROTOCOL: 'on' };
  stack = await startStack({ env: { gateway: env } });
  gateway = new URL(stack.gateways[0]?.url ?? '');
}, 60_000);
afterAll(async () => {
  closers.forEach((close) => close());
  await stack.stop();
}, 60_000);

/** HAProxy that forwards TCP, and says for whom. */
async function startHaproxy(version: Version): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'am-proxy-protocol-'));
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 3s
  timeout client 75s
  timeout server 75s
listen public
  bind 127.0.0.1:${port}
  server gateway ${gateway.host} source ${PROXY_ADDRESS} ${version} check inter 200
`,
  );
  const child = spawn(HAPROXY, ['-db', '-f', file], { stdio: 'ignore' });
  closers.push(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/readyz`).catch(() => null))?.status === 200);
  return url;
}

/** A login that fails, from this address of this machine. @returns what the audit log has of it */
async function addressOf(url: string, localAddress: string): Promise<string[]> {
  const { hostname, port } = new URL(url);
  const login = request({
    ...{ hostname, port, method: 'POST', path: '/auth/login', localAddress },
    headers: { 'x-forwarded-for': '6.6.6.6', 'content-type': 'application/json' },
  });
  login.end(JSON.stringify({ username: 'nobody-at-all', password: 'wrong password' }));
  const [answer] = (await once(login, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(401);
  return waitFor(async () => {
    const headers = { 'x-admin-key': stack.adminKey };
    const path = '/admin/audit?limit=100&action=user.login';
    const { body } = await rest(stack.adminUrl, 'GET', path, { headers });
    const ips = routes.listAudit.response.parse(body).entries.map(({ ip }) => ip ?? '');
    return ips.includes(localAddress) ? ips : undefined;
  });
}

/** What is answered to these bytes, until the gateway ends the connection. */
function sayRaw(bytes: string, localAddress: string): Promise<string> {
  const { hostname: host, port } = gateway;
  const socket = connect({ host, port: Number(port), localAddress });
  socket.write(bytes);
  return text(socket).catch(() => '');
}

describe.each(versions)('HAProxy with %s', (version) => {
  (runsHere(existsSync(HAPROXY)) ? test : test.skip)(
    'clients have their own addresses, on REST and on both kinds of sockets',
    async () => {
      const url = await startHaproxy(version);
      const from = `127.0.2.${VERSIONS[version]}`;
      const seen = await addressOf(url, from);
      expect(seen).not.toContain('6.6.6.6');
      expect(seen).not.toContain(PROXY_ADDRESS);

      const person = await createPerson(url);
      const agent = await createAgent(stack.adminUrl, stack.adminKey);
      const opened = await rest(url, 'POST', '/conversations', {
        bearer: person.access_token,
        body: { agent_id: agent.id },
      });
      const { id } = opened.body as Conversation;
      const listening = openTestSocket('ws', url, '/agent', { api_key: agent.api_key });
      await listening.synced();
      for (const transport of ['socket.io', 'ws'] as const) {
        const socket = openTestSocket(transport, url, '/client', { token: person.access_token });
        await socket.synced();
        await socket.send(id, `id-${transport}`, '\u0001'.repeat(60_000));
        socket.close();
      }
      await waitFor(() => listening.all('event').length >= 2);
      listening.close();
    },
    60_000,
  );
});

const ASK = 'GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const HEADER = 'PROXY TCP4 6.6.6.6 127.0.0.1 4711 80\r\n';

test('the header and a request in one piece, and byte by byte, are read alike', async () => {
  expect(await sayRaw(HEADER + ASK, PROXY_ADDRESS)).toContain('HTTP/1.1 200');
  const { hostname: host, port } = gateway;
  const socket = connect({ host, port: Number(port), localAddress: PROXY_ADDRESS });
  socket.setNoDelay(true);
  const answer = text(socket);
  for (const byte of `PROXY UNKNOWN\r\n${ASK}`) {
    await new Promise<void>((resolve) => socket.write(byte, () => resolve()));
  }
  expect(await answer).toContain('HTTP/1.1 200');
});

test('a proxy that sends none is ended; who is none needs none, and cannot write one', async () => {
  expect(await sayRaw(ASK, PROXY_ADDRESS)).toBe('');
  expect(await sayRaw(ASK, '127.0.0.1')).toContain('HTTP/1.1 200');
  expect(await sayRaw(HEADER + ASK, '127.0.0.1')).toContain('HTTP/1.1 400');
  await waitFor(() =>
    stack.logs('gateway-1').includes('has to begin with a PROXY protocol header'),
  );
});
