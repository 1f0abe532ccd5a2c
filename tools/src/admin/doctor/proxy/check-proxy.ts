import { gatewayUrl } from '@agent-messenger/sdk/rest';
import type { Finding } from '../check';
import { fail, ok, warn } from '../check';
import { ask, codeOf } from './ask';
import { checkTls } from './check-tls';
import { Frames } from './frames';

/** Beyond what a gateway takes for any body. */
const BODY_BYTES = 600_000;
/** What a gateway takes at least, and what it refuses. */
const HEADER_BYTES = 12_000;
const TOO_LONG_BYTES = 17_000;
/** What strangers may say at once. */
const FRAME_BYTES = 15_000;

const SOCKETS = {
  'plain WebSocket': '/client/connect',
  'Socket.IO': '/socket.io/?EIO=4&transport=websocket',
};

/**
 * Goes to a gateway as strangers do, through whatever is in front of it, and says what to change there. Needs no
 * credentials; costs its address a login, a wrong token, four connects and some requests. Of an internal port there is
 * nothing to say.
 */
export async function checkProxy(url: string): Promise<Finding[]> {
  const base = gatewayUrl(url);
  if (await isInternal(base)) return [];
  const findings = await Promise.all([
    ...Object.entries(SOCKETS).map(([name, path]) =>
      checked(name, async () => [await checkSocket(base, name, path)]),
    ),
    checked('frames', async () => [await checkFrames(base)]),
    checked('token in the URL', async () => [await checkQuery(base)]),
    checked('large body', async () => [await checkBody(base)]),
    checked('long headers', () => checkHeaders(base)),
    ...(base.startsWith('https:') ? [checked('TLS', () => checkTls(base))] : []),
  ]);
  return findings.flat();
}

/** The port of the admin routes, to which clients do not come: it has none of theirs. */
async function isInternal(base: string): Promise<boolean> {
  const answer = await ask(`${base}/conversations`, {}).catch(() => undefined);
  return answer?.status === 404;
}

async function checked(what: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const advice = 'look at the log of the proxy, and at docs/proxies.md';
    return [fail(what, (error as Error).message, advice)];
  }
}

async function checkSocket(base: string, name: string, path: string): Promise<Finding> {
  const { status } = await ask(base + path, {
    headers: {
      ...{ connection: 'Upgrade', upgrade: 'websocket', origin: new URL(base).origin },
      ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    },
  });
  if (status === 101) return ok(name, 'upgrades, also for pages of the site');
  const found = `the handshake is answered ${status}`;
  return fail(name, found, adviceOnUpgrade(status));
}

function adviceOnUpgrade(status: number): string {
  if (status === 403) {
    return 'let the proxy keep Host (nginx: proxy_set_header Host $http_host; Apache: ProxyPreserveHost On), or name the site in CORS_ORIGINS';
  }
  if (status === 426 || status === 404 || status === 400) {
    return 'let the proxy pass Upgrade and Connection with HTTP/1.1: nginx proxy_http_version 1.1 and proxy_set_header, Apache upgrade=websocket, lighttpd proxy.header, Varnish pipe; deploy/proxies has files';
  }
  if (status === 429 || status === 503) return 'ask again later: it takes no connections now';
  return 'look at the log of the proxy, and at docs/proxies.md';
}

/**
 * A stranger's first frame, nearly as long as one may be, is answered: nothing else than the upgrade is needed for
 * that.
 */
async function checkFrames(base: string): Promise<Finding> {
  const frames = new Frames(base, SOCKETS['Socket.IO']);
  try {
    await frames.opened();
    frames.send(`40/nowhere,${JSON.stringify({ padding: 'x'.repeat(FRAME_BYTES) })}`);
    await frames.first('not_found');
    return ok('frames', 'pass both ways');
  } finally {
    frames.close();
  }
}

/** A wrong token is refused at once; without one the gateway would wait for it. */
async function checkQuery(base: string): Promise<Finding> {
  const frames = new Frames(base, `${SOCKETS['plain WebSocket']}?token=doctor`);
  try {
    await frames.opened();
    await frames.first('unauthorized');
    return ok('token in the URL', 'is passed');
  } finally {
    frames.close();
  }
}

async function checkBody(base: string): Promise<Finding> {
  const { status, body } = await ask(`${base}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'x'.repeat(BODY_BYTES) }),
  });
  const found = `600 kB are answered ${status}`;
  if (codeOf(body) === 'payload_too_large') return ok('large body', `${found} by the gateway`);
  if (codeOf(body) === 'rate_limited') return ok('large body', `${found}: not looked at`);
  const advice =
    'let the proxy take 1 MiB (nginx: client_max_body_size 1m): the gateway says what is too large, with a code';
  return warn('large body', `${found}, and not by the gateway`, advice);
}

async function checkHeaders(base: string): Promise<Finding[]> {
  const answerTo = async (bytes: number) => {
    const headers = { cookie: `a=${'x'.repeat(bytes)}` };
    const { status } = await ask(`${base}/readyz`, { headers }).catch(() => ({ status: 0 }));
    return { status, found: `${bytes / 1_000} kB are answered ${status || 'not at all'}` };
  };
  const [long, tooLong] = await Promise.all([answerTo(HEADER_BYTES), answerTo(TOO_LONG_BYTES)]);
  // Draining is another matter.
  const isTaken = long.status === 200 || long.status === 503;
  const isReadable = tooLong.status === 200 || (tooLong.status >= 400 && tooLong.status < 500);
  const advice =
    'let the proxy take headers of 16 KiB: nginx large_client_header_buffers 4 32k, HAProxy tune.bufsize 32768, Apache LimitRequestFieldSize 32768, lighttpd server.max-request-field-size, Varnish http_req_hdr_len';
  const refused =
    'let the proxy answer 431 or 400, or pass longer headers on: the gateway answers 431';
  return [
    isTaken ? ok('long headers', long.found) : warn('long headers', long.found, advice),
    isReadable
      ? ok('too long headers', tooLong.found)
      : warn('too long headers', tooLong.found, refused),
  ];
}
