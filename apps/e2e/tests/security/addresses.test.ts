import { LIFTED_LIMITS, rest, startStack, waitFor, type Stack } from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Of each limit that is by address; the count of each begins with the stack. */
const LIMITS = {
  REGISTRATIONS_PER_HOUR_IP: '3',
  LOGINS_PER_MINUTE_IP: '4',
  REFRESHES_PER_MINUTE_IP: '5',
  WRONG_KEYS_PER_MINUTE_IP: '7',
  // Last: whoever is beyond it shows no key.
  CONNECTS_PER_MINUTE_IP: '6',
};

let stack: Stack;
/** The gateway that trusts nobody, as is the default, and the one behind a proxy. */
let direct: string;
let proxied: string;
beforeAll(async () => {
  stack = await startStack({ env: { gateway: { ...LIFTED_LIMITS, ...LIMITS } } });
  direct = stack.gateways[0]?.url ?? '';
  proxied = (await stack.addGateway({ env: { TRUST_PROXY: '127.0.0.1' } })).url;
}, 60_000);
afterAll(() => stack.stop(), 60_000);

let last = 0;
/** An address that nobody has had. */
function newAddress(): string {
  last += 1;
  return `198.51.${Math.floor(last / 250)}.${(last % 250) + 1}`;
}

/** What clients said, and no proxy. */
const madeUp = new Set<string>();

/** Every header by which something has ever said whom it speaks for, each time with another address. */
function spoofed(): Record<string, string> {
  const [address, further] = [newAddress(), newAddress()];
  madeUp.add(address).add(further);
  return {
    'x-forwarded-for': `${address}, ${further}`,
    forwarded: `for=${address};proto=https`,
    'x-real-ip': address,
    'x-client-ip': address,
    'x-cluster-client-ip': address,
    'true-client-ip': address,
    'cf-connecting-ip': address,
    'fastly-client-ip': address,
    'x-forwarded': address,
    'x-originating-ip': address,
    'x-remote-addr': address,
    'x-forwarded-host': address,
    via: `1.1 ${address}`,
  };
}

type Headers = Record<string, string>;
type Attempt = (url: string, headers: Headers) => Promise<number>;

const post =
  (path: string, body: () => object): Attempt =>
  async (url, headers) =>
    (await rest(url, 'POST', path, { headers, body: body() })).status;
const text = () => randomBytes(12).toString('hex');

const ATTEMPTS: Record<keyof typeof LIMITS, Attempt[]> = {
  REGISTRATIONS_PER_HOUR_IP: [
    post('/auth/user', () => ({ username: `n-${text()}`, password: text() })),
  ],
  LOGINS_PER_MINUTE_IP: [post('/auth/login', () => ({ username: text(), password: text() }))],
  REFRESHES_PER_MINUTE_IP: [post('/auth/refresh', () => ({ refresh_token: text() }))],
  CONNECTS_PER_MINUTE_IP: [connect],
  WRONG_KEYS_PER_MINUTE_IP: [guessAdminKey, connectWithWrongKey],
};
const CASES = (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).flatMap((name) =>
  ATTEMPTS[name].map((attempt) => ({ name, by: attempt.name || 'request', attempt })),
);

async function guessAdminKey(url: string, headers: Headers): Promise<number> {
  const guess = { ...headers, 'x-admin-key': text() };
  return (await rest(url, 'GET', '/admin/users', { headers: guess })).status;
}

/** 101 for a plain WebSocket, which says nothing and goes, else with what its upgrade is refused. */
async function connect(url: string, headers: Headers): Promise<number> {
  const { socket, refused } = await open(url, headers);
  socket.terminate();
  return refused ?? 101;
}

/** As REST would answer it: 401, or 429 for a key that is not looked at. */
async function connectWithWrongKey(url: string, headers: Headers): Promise<number> {
  const { socket, refused } = await open(url, headers);
  if (refused !== undefined) return refused;
  socket.send(JSON.stringify({ type: 'auth', data: { api_key: `amk_${text()}_${text()}` } }));
  const [code] = (await once(socket, 'close')) as [number];
  return code - 4_000;
}

async function open(url: string, headers: Headers) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/agent/connect`, { headers });
  const refused = await new Promise<number | undefined>((resolve, reject) => {
    socket.on('error', reject);
    socket.once('open', () => resolve(undefined));
    socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
  });
  return { socket, refused };
}

async function statuses(attempt: Attempt, url: string, headersOf: () => Headers, count: number) {
  const seen: { status: number; ms: number }[] = [];
  for (let n = 0; n < count; n += 1) {
    const from = performance.now();
    const status = await attempt(url, headersOf());
    seen.push({ status, ms: performance.now() - from });
  }
  return seen;
}

/** A gateway that has waited so long for Redis counts by itself meanwhile. */
const REDIS_MS = 500;

function expectLimited(seen: Awaited<ReturnType<typeof statuses>>, limit: number): void {
  const isRefused = ({ status }: { status: number }) => status === 429;
  expect(seen.slice(0, limit).filter(isRefused)).toEqual([]);
  const beyond = seen.slice(limit);
  expect(beyond.filter((each) => !isRefused(each) && each.ms < REDIS_MS)).toEqual([]);
  expect(beyond.some(isRefused)).toBe(true);
}

test.each(CASES)(
  '$name ($by) is not escaped by what a client says about its address',
  async ({ name, attempt }) => {
    const limit = Number(LIMITS[name]);
    expectLimited(await statuses(attempt, direct, spoofed, limit + 3), limit);
  },
);

test.each(CASES)(
  '$name ($by) is not escaped by what a client says to the proxy before it',
  async ({ name, attempt }) => {
    const limit = Number(LIMITS[name]);
    const client = newAddress();
    // A proxy adds the address that it sees; what the client wrote stands before it.
    const through = () => {
      const said = spoofed();
      return { ...said, 'x-forwarded-for': `${said['x-forwarded-for']}, ${client}` };
    };
    expectLimited(await statuses(attempt, proxied, through, limit + 3), limit);
    // Another client of the same proxy is not held up by that.
    const other = () => ({ 'x-forwarded-for': newAddress() });
    const others = await statuses(attempt, proxied, other, 2);
    expect(others.map(({ status }) => status)).not.toContain(429);
  },
);

test('the audit log tells the address of the peer or that of its proxy, never one that a client made up', async () => {
  const address = newAddress();
  const said = { ...spoofed(), 'x-forwarded-for': `${[...madeUp][0]}, ${address}` };
  await guessAdminKey(proxied, said);
  const headers = { 'x-forwarded-for': newAddress(), 'x-admin-key': stack.adminKey };
  const told = await waitFor(async () => {
    const { body } = await rest(proxied, 'GET', '/admin/audit?limit=200', { headers });
    const { entries } = body as { entries: { ip: string | null }[] };
    const ips = new Set(entries.map(({ ip }) => ip));
    return ips.has(address) ? ips : undefined;
  });
  expect(told).toContain('127.0.0.1');
  expect([...told].filter((ip) => madeUp.has(ip ?? ''))).toEqual([]);
});
