import { createECDH, createPublicKey, randomBytes, randomUUID, type ECDH } from 'node:crypto';
import { z } from 'zod';
import { decryptWebPush } from './decrypt-web-push';
import {
  serveHttpsStandin,
  type HttpsAnswer,
  type HttpsRequest,
  type HttpsStandin,
} from './https-standin';
import { decodeToken } from './json-web-token';
import type { ShownNotification } from './shown-notification';
import type { TestTls } from './test-ca';

export interface Subscription {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

export interface WebPushStandin extends HttpsStandin {
  /** A browser subscribes with the VAPID public key of the application. */
  subscribe(applicationServerKey: string): Subscription;
}

interface WebPushStandinOptions {
  tls: TestTls;
  onNotification: (notification: ShownNotification) => void;
}

interface Subscriber {
  applicationServerKey: string;
  ecdh: ECDH;
  auth: Buffer;
}

const BODY_BYTES = 4_096;
const payloadSchema = z.object({
  title: z.string(),
  body: z.string(),
  badge: z.int().min(0),
  tag: z.string(),
  conversation_id: z.string(),
  seq: z.int(),
});

/** A push service of browsers: checks VAPID and the headers, and decrypts as the browser would. */
export async function startWebPushStandin({
  tls,
  onNotification,
}: WebPushStandinOptions): Promise<WebPushStandin> {
  const subscribers = new Map<string, Subscriber>();

  function check({ method, path, headers, body }: HttpsRequest): HttpsAnswer | undefined {
    const bad = (status: number, why: string) => ({ status, body: { why } });
    const subscriber = subscribers.get(path);
    if (method !== 'POST' || !subscriber) return bad(404, 'no such subscription');
    const problem = vapidProblem(headers.authorization, subscriber.applicationServerKey, origin);
    if (problem !== undefined) return bad(403, problem);
    if (!/^\d+$/.test(`${headers['ttl']}`)) return bad(400, 'TTL');
    const urgency = `${headers['urgency'] ?? 'normal'}`;
    if (!['very-low', 'low', 'normal', 'high'].includes(urgency)) return bad(400, 'Urgency');
    if (!/^[\w-]{1,32}$/.test(`${headers['topic'] ?? 'x'}`)) return bad(400, 'Topic');
    if (headers['content-encoding'] !== 'aes128gcm') return bad(400, 'Content-Encoding');
    if (body.length > BODY_BYTES) return bad(413, 'body');
    return undefined;
  }

  function take({ path, headers, body }: HttpsRequest): HttpsAnswer {
    const subscriber = subscribers.get(path);
    if (!subscriber) throw new Error('no such subscription');
    const text = decryptWebPush(body, subscriber.ecdh, subscriber.auth);
    const { title, body: shown, badge, tag, ...ids } = payloadSchema.parse(JSON.parse(text));
    onNotification({
      platform: 'webpush',
      token: `${origin}${path}`,
      title,
      body: shown,
      badge,
      conversation_id: ids.conversation_id,
      seq: ids.seq,
      collapse_id: `${headers['topic'] ?? tag}`,
      expires_at: Date.now() + Number(headers['ttl']) * 1_000,
      urgent: headers['urgency'] === 'high',
      data: text,
      at: Date.now(),
    });
    return { status: 201 };
  }

  const standin = await serveHttpsStandin({ tls, check, take });
  // By address: names that lead to this machine are refused by the sender.
  const origin = standin.origin.replace('localhost', '127.0.0.1');
  Object.defineProperty(standin, 'origin', { value: origin });
  return Object.assign(standin, {
    subscribe(applicationServerKey: string): Subscription {
      const path = `/push/${randomUUID()}`;
      const ecdh = createECDH('prime256v1');
      ecdh.generateKeys();
      const auth = randomBytes(16);
      subscribers.set(path, { applicationServerKey, ecdh, auth });
      const keys = {
        p256dh: ecdh.getPublicKey('base64url'),
        auth: auth.toString('base64url'),
      };
      return { endpoint: `${origin}${path}`, keys };
    },
  });
}

/** RFC 8292: what is wrong with `vapid t=<jwt>, k=<key>`. */
function vapidProblem(
  authorization: string | undefined,
  applicationServerKey: string,
  origin: string,
): string | undefined {
  const [, jwt = '', key = ''] =
    /^vapid t=([^,\s]+),\s*k=([\w-]+)$/.exec(authorization ?? '') ?? [];
  const token = decodeToken(jwt);
  if (!token || key !== applicationServerKey) return 'vapid key';
  const point = Buffer.from(key, 'base64url');
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  if (token.header['alg'] !== 'ES256' || !token.signedBy(publicKey)) return 'vapid signature';
  const { aud, exp, sub } = token.claims;
  if (aud !== origin) return 'vapid aud';
  const leftS = Number(exp) - Date.now() / 1_000;
  if (!(leftS > 0 && leftS <= 24 * 3_600)) return 'vapid exp';
  return /^(mailto:|https:)/.test(`${sub}`) ? undefined : 'vapid sub';
}
