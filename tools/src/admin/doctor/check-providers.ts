import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { Finding } from './check';
import { fail, ok } from './check';

const DEADLINE_MS = 5_000;
type Env = Record<string, string | undefined>;

/** Keys of push providers that are configured, and whether their servers are reached. Nothing is sent. */
export async function checkProviders(env: Env): Promise<Finding[]> {
  const found: Promise<Finding[]>[] = [];
  if (env['APNS_KEY_PATH']) found.push(checkApns(env, env['APNS_KEY_PATH']));
  if (env['FCM_SERVICE_ACCOUNT']) found.push(checkFcm(env, env['FCM_SERVICE_ACCOUNT']));
  return (await Promise.all(found)).flat();
}

async function checkApns(env: Env, path: string): Promise<Finding[]> {
  const origin = env['APNS_ORIGIN'] || 'https://api.push.apple.com';
  const key = judge('APNS_KEY_PATH', 'take the .p8 file from developer.apple.com', () => {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(readFileSync(path));
    const curve = asymmetricKeyDetails?.namedCurve;
    if (asymmetricKeyType !== 'ec' || curve !== 'prime256v1') throw new Error('no P-256 key');
    return 'a P-256 key';
  });
  return [key, await reach('APNs', origin)];
}

async function checkFcm(env: Env, account: string): Promise<Finding[]> {
  const origin = env['FCM_ORIGIN'] || 'https://fcm.googleapis.com';
  const tokens = env['FCM_TOKEN_ORIGIN'] || 'https://oauth2.googleapis.com';
  const key = judge('FCM_SERVICE_ACCOUNT', 'take the JSON file from the Firebase console', () => {
    const text = existsSync(account) ? readFileSync(account, 'utf8') : account;
    const { project_id, private_key } = JSON.parse(text) as Record<string, unknown>;
    createPrivateKey(String(private_key));
    return `project ${String(project_id)}`;
  });
  return [key, ...(await Promise.all([reach('FCM', origin), reach('FCM token', tokens)]))];
}

/** The reason never carries what is in the file. */
function judge(what: string, advice: string, look: () => string): Finding {
  try {
    return ok(what, look());
  } catch {
    return fail(what, 'cannot be read as what it should be', advice);
  }
}

function reach(what: string, origin: string): Promise<Finding> {
  if (!URL.canParse(origin)) {
    const advice = 'name it as https://host, or not at all';
    return Promise.resolve(fail(`${what} server`, `${origin} is no URL`, advice));
  }
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      port: Number(port || 443),
      ...(isIP(hostname) === 0 && { servername: hostname }),
    });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    const failed = (reason: string): void =>
      end(fail(`${what} server`, `${origin}: ${reason}`, 'let push-worker out to it, port 443'));
    socket.setTimeout(DEADLINE_MS, () => failed('no answer'));
    socket.once('error', (error) => failed(error.message));
    socket.once('secureConnect', () => end(ok(`${what} server`, `${origin} answers`)));
  });
}
