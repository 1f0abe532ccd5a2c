import { once } from 'node:events';
import { connect as openHttp2, constants, type ClientHttp2Stream } from 'node:http2';
import { connect } from 'node:tls';
import { fail, ok, warn, type Finding } from '../check';

const DEADLINE_MS = 5_000;
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/** TLS and its certificate, and HTTP/2 where the proxy speaks it. @throws when there is no TLS connection */
export async function checkTls(base: string): Promise<Finding[]> {
  const { hostname, port } = new URL(base);
  const socket = connect({
    ...{ host: hostname, port: Number(port || 443), servername: hostname },
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(DEADLINE_MS) });
    const spoken = socket.alpnProtocol || 'no ALPN';
    const days = (Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / DAY_MS;
    const found = `${socket.getProtocol() ?? 'unknown'}, ${spoken}, certificate for ${Math.floor(days)} days`;
    const tls =
      days < SOON_DAYS
        ? warn('TLS', found, 'renew the certificate of the proxy')
        : ok('TLS', found);
    return spoken === 'h2' ? [tls, await checkHttp2(base)] : [tls];
  } finally {
    socket.destroy();
  }
}

async function checkHttp2(base: string): Promise<Finding> {
  const { hostname, port } = new URL(base);
  const session = openHttp2(base, {
    createConnection: () =>
      connect({
        ...{ host: hostname, port: Number(port || 443), servername: hostname },
        ALPNProtocols: ['h2'],
      }),
  });
  const signal = AbortSignal.timeout(DEADLINE_MS);
  try {
    const [settings] = (await once(session, 'remoteSettings', { signal })) as [
      { enableConnectProtocol?: boolean },
    ];
    const { pathname, origin } = new URL(base);
    const path = pathname.replace(/\/$/, '');
    const status = await statusOf(session.request({ ':path': `${path}/readyz` }), signal);
    // Draining is another matter.
    if (status !== 200 && status !== 503) {
      const advice = 'let the proxy speak HTTP/1.1 to the gateways';
      return fail('HTTP/2', `a request is answered ${status}`, advice);
    }
    if (!settings.enableConnectProtocol) return ok('HTTP/2', 'requests; WebSockets by HTTP/1.1');
    // RFC 8441: browsers use it where it is announced.
    const opened = await statusOf(
      session.request({
        ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':path': `${path}/client/connect` },
        ...{ 'sec-websocket-version': '13', origin },
      }),
      signal,
    );
    if (opened === 200) return ok('HTTP/2', 'requests, and WebSockets (RFC 8441)');
    const advice =
      'turn RFC 8441 off in the proxy (HAProxy: h2-workaround-bogus-websocket-clients), so that browsers open WebSockets by HTTP/1.1';
    return fail('HTTP/2', `WebSockets are announced and answered ${opened}`, advice);
  } finally {
    session.destroy();
  }
}

async function statusOf(stream: ClientHttp2Stream, signal: AbortSignal): Promise<number> {
  const [headers] = (await once(stream, 'response', { signal })) as [Record<string, unknown>];
  stream.close(constants.NGHTTP2_CANCEL);
  return Number(headers[':status']);
}
