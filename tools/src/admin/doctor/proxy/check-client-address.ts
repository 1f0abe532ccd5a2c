import { MessengerError } from '@agent-messenger/sdk/rest';
import { randomBytes, randomInt } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { AdminError } from '../../admin-error';
import type { AdminContext } from '../../admin-context';
import { fail, ok, warn, type Finding } from '../check';
import { ask } from './ask';

const WHAT = 'client address';
/** Entries of the audit log are written soon after, refusals of one address together. */
const LOOKS = 10;
const LOOK_MS = 500;

const NO_KEY =
  'set ADMIN_API_KEY, and --admin-url to the internal port of a gateway where ADMIN_ROUTES=internal';
const MADE_UP_COUNTS =
  'let the proxy write X-Forwarded-For itself (nginx: proxy_set_header X-Forwarded-For $remote_addr; HAProxy: http-request set-header X-Forwarded-For %[src]; nghttpx, hitch and stunnel pass it on: do not name them), and name in TRUST_PROXY nothing but proxies';

/**
 * Says an address that nobody has in `X-Forwarded-For` of a login that fails, and looks in the audit log for what the
 * gateway made of it. @param localAddress of this machine, to ask from
 */
export async function checkClientAddress(
  base: string,
  context: Pick<AdminContext, 'request'>,
  localAddress?: string,
): Promise<Finding> {
  const logins = async () => {
    const query = { action: 'user.login', limit: '50' } as const;
    const { entries } = await context.request('listAudit', { query });
    return entries.filter(({ result }) => result !== 'ok');
  };
  try {
    const before = new Set((await logins()).map(({ id }) => id));
    // RFC 2544: of no network.
    const madeUp = `198.18.${randomInt(256)}.${randomInt(1, 255)}`;
    const { status, from } = await ask(`${base}/auth/login`, {
      method: 'POST',
      localAddress,
      headers: { 'content-type': 'application/json', 'x-forwarded-for': madeUp },
      body: JSON.stringify({ username: `doctor-${text()}`, password: text() }),
    });
    if (status !== 401) return notKnown(`a login is answered ${status}`);
    for (let look = 0; look < LOOKS; look += 1) {
      const ips = (await logins()).filter(({ id }) => !before.has(id)).map(({ ip }) => ip ?? '');
      if (ips.length > 0) return judge([...new Set(ips)], madeUp, from ?? '');
      await delay(LOOK_MS);
    }
    return notKnown('the audit log does not have it yet');
  } catch (error) {
    if (!(error instanceof AdminError || error instanceof MessengerError)) throw error;
    return warn(WHAT, 'not known without the admin key and the admin routes', NO_KEY);
  }
}

const text = () => randomBytes(12).toString('hex');
const notKnown = (why: string) => warn(WHAT, `not known: ${why}`, 'ask again in a minute');

function judge(seen: string[], madeUp: string, own: string): Finding {
  if (seen.includes(madeUp)) {
    return fail(WHAT, 'what a client says of its address counts', MADE_UP_COUNTS);
  }
  const [ip = ''] = seen;
  if (seen.length > 1) return notKnown('others fail to log in at the same time');
  if (ip === own || `::ffff:${ip}` === own)
    return ok(WHAT, `yours, ${ip}; a made-up one does not count`);
  if (!isOfProxy(ip)) return ok(WHAT, `${ip}, if that is yours; a made-up one does not count`);
  return warn(
    WHAT,
    `all clients have that of ${ip}, and its limits`,
    `if it is your proxy: TRUST_PROXY=${ip} for the gateways, and let the proxy write X-Forwarded-For`,
  );
}

/** Of a network within a site: where clients come from elsewhere only its proxy has it. */
function isOfProxy(ip: string): boolean {
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
  return isIP(ip) !== 0 && privateNetworks().check(ip, family);
}

function privateNetworks(): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of [
    ...([
      ['127.0.0.0', 8],
      ['10.0.0.0', 8],
      ['172.16.0.0', 12],
      ['192.168.0.0', 16],
    ] as const),
    ...([
      ['100.64.0.0', 10],
      ['169.254.0.0', 16],
    ] as const),
  ]) {
    list.addSubnet(net, prefix, 'ipv4');
  }
  list.addAddress('::1', 'ipv6');
  list.addSubnet('fc00::', 7, 'ipv6');
  list.addSubnet('fe80::', 10, 'ipv6');
  return list;
}
