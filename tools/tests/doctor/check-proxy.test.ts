import {
  createTestTls,
  runsHere,
  startStack,
  trustAuthority,
  type Stack,
} from '@agent-messenger/testkit';
import { existsSync } from 'node:fs';
import { checkClientAddress } from '../../src/admin/doctor/proxy/check-client-address';
import { checkProxy } from '../../src/admin/doctor/proxy/check-proxy';
import { walk } from '../../src/admin/doctor/proxy/walk';
import { AdminContext } from '../../src/admin/admin-context';
import { commandsOf } from '../admin-setup';
import { HAPROXY, NGINX, startProxy, type Proxy } from './proxies';

const IDLE_MS = 3_000;

/** Its URL, as long as a test runs. */
type Start = (...args: Parameters<typeof startProxy>) => Promise<string>;

let stack: Stack;
/** Behind a proxy that it knows, and behind one that it does not know. */
let trusting: string;
let unaware: string;
const proxies: Proxy[] = [];
beforeAll(async () => {
  stack = await startStack({ gateways: 1 });
  unaware = hostOf(0);
  await stack.addGateway({ env: { TRUST_PROXY: '127.0.0.5' } });
  trusting = hostOf(1);
}, 120_000);
afterEach(() => Promise.all(proxies.splice(0).map((proxy) => proxy.stop())));
afterAll(() => stack.stop(), 60_000);

const { admin } = commandsOf(() => stack);
const hostOf = (index: number) => new URL(stack.gateways[index]?.url ?? '').host;

function operator(): AdminContext {
  return new AdminContext({
    env: { ADMIN_API_KEY: stack.adminKey },
    ...{ url: stack.adminUrl, dataDir: stack.dataDir, json: false },
    ...{ print: () => undefined, warn: () => undefined, askSecret: async () => '' },
  });
}

const proxy: Start = async (...args) => {
  const one = await startProxy(...args);
  proxies.push(one);
  return one.url;
};

let examined = 0;
/** Refusals of one address are recorded together after the first: each time another. */
const ownAddress = () => `127.0.3.${(examined += 1)}`;

/** Everything, as the doctor says it; advice only of what is wrong. */
async function examine(url: string): Promise<{ shown: string[]; advice: string }> {
  const context = operator();
  const findings = [
    ...(await checkProxy(url)),
    await checkClientAddress(url, context, ownAddress()),
    ...(await walk(url, context, IDLE_MS)),
  ];
  return {
    shown: findings.map(({ level, what, found }) => `${level} ${what}: ${found}`),
    advice: findings.flatMap((finding) => finding.advice ?? []).join('\n'),
  };
}

const WELL = [
  'ok plain WebSocket: upgrades, also for pages of the site',
  'ok Socket.IO: upgrades, also for pages of the site',
  'ok frames: pass both ways',
  'ok token in the URL: is passed',
  'ok large body: 600 kB are answered 413 by the gateway',
  'ok long headers: 12 kB are answered 200',
  expect.stringMatching(/^ok too long headers: 17 kB are answered (200|400|431)$/),
];
const WALKED = [
  expect.stringMatching(/^ok client address: yours, 127\.0\.3\.\d+; a made-up one does not count$/),
  'ok agent on plain WebSocket: is served',
  'ok person on Socket.IO by a token in the URL: is served',
  'ok message of 64 KiB: arrives both ways, over both transports',
  `ok idle connections: are kept for ${IDLE_MS / 1_000} s`,
];

const withNginx = runsHere(existsSync(NGINX)) ? test : test.skip;
const withHaproxy = runsHere(existsSync(HAPROXY)) ? test : test.skip;

test('nothing is wrong without a proxy, and nothing is left of those who walked', async () => {
  const url = `http://${unaware}`;
  const left = async () => [await admin(['list-users']), await admin(['list-agents'])];
  const before = await left();
  expect((await examine(url)).shown).toEqual([...WELL, ...WALKED]);
  expect(await left()).toEqual(before);
}, 60_000);

test('the internal port is none that clients come to', async () => {
  expect(await checkProxy(stack.gateways[0]?.internalUrl ?? '')).toEqual([]);
});

test('nobody there is told', async () => {
  const findings = await checkProxy('http://127.0.0.1:1');
  expect(new Set(findings.map(({ level }) => level))).toEqual(new Set(['fail', 'warn']));
});

withNginx(
  'nginx as in deploy/proxies: nothing is wrong',
  async () => {
    const url = await proxy('nginx', trusting, 'ours');
    expect((await examine(url)).shown).toEqual([...WELL, ...WALKED]);
  },
  60_000,
);

withNginx(
  'nginx with no more than proxy_pass: all that it does not pass is told, with its directives',
  async () => {
    const url = await proxy('nginx', trusting, 'proxy_pass');
    const { shown, advice } = await examine(url);
    expect(shown).toEqual(
      expect.arrayContaining([
        'fail plain WebSocket: the handshake is answered 426',
        'fail Socket.IO: the handshake is answered 426',
        expect.stringContaining('fail frames'),
        expect.stringContaining('fail token in the URL'),
        'warn large body: 600 kB are answered 413, and not by the gateway',
        'warn long headers: 12 kB are answered 400',
        'fail client address: what a client says of its address counts',
        expect.stringContaining('fail agent on plain WebSocket'),
      ]),
    );
    for (const directive of ['proxy_http_version 1.1', 'client_max_body_size 1m', '$remote_addr']) {
      expect(advice).toContain(directive);
    }
  },
  60_000,
);

withNginx(
  'a proxy that the gateway does not know: TRUST_PROXY is named; one that changes Host: 403',
  async () => {
    const url = await proxy('nginx', unaware, 'own host');
    const { shown, advice } = await examine(url);
    expect(shown).toContain(
      'warn client address: all clients have that of 127.0.0.5, and its limits',
    );
    expect(advice).toContain('TRUST_PROXY=127.0.0.5');
    expect(shown).toContain('fail plain WebSocket: the handshake is answered 403');
    expect(advice).toContain('proxy_set_header Host $http_host');
  },
  60_000,
);

withHaproxy(
  'HAProxy as in deploy/proxies, with TLS and HTTP/2: nothing is wrong',
  async () => {
    const { ca, key, cert } = await createTestTls();
    const distrust = trustAuthority(ca);
    try {
      const url = await proxy('haproxy', trusting, 'tls', { 'site.pem': key + cert });
      expect((await examine(url)).shown).toEqual([
        ...WELL,
        expect.stringMatching(/^(ok|warn) TLS: TLSv1.3, h2, certificate for \d+ days$/),
        'ok HTTP/2: requests, and WebSockets (RFC 8441)',
        ...WALKED,
      ]);
    } finally {
      distrust();
    }
  },
  60_000,
);

withHaproxy(
  'HAProxy with short timeouts and what clients say: cut while idle, made-up addresses count',
  async () => {
    const url = await proxy('haproxy', trusting, 'impatient');
    const { shown, advice } = await examine(url);
    expect(shown).toContain('fail client address: what a client says of its address counts');
    const idle = shown.find((line) => line.includes('idle connections'));
    expect(idle).toMatch(/^fail .*plain WebSocket: closed with 1006, Socket.IO: closed with 1006/);
    expect(advice).toContain('timeout tunnel');
    expect(advice).toContain('set-header X-Forwarded-For %[src]');
  },
  60_000,
);
