import { randomBytes, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { Faults } from './faults';
import { serveHttpsStandin, type HttpsAnswer, type HttpsStandin } from './https-standin';
import { decodeToken } from './json-web-token';
import type { ShownNotification } from './shown-notification';
import type { TestTls } from './test-ca';

export interface FcmAccount {
  projectId: string;
  clientEmail: string;
  publicKey: KeyObject;
}

interface FcmStandinOptions {
  tls: TestTls;
  account: FcmAccount;
  onNotification: (notification: ShownNotification) => void;
}

const PAYLOAD_BYTES = 4_096;
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const alertSchema = z.strictObject({
  token: z.string().min(1),
  notification: z.strictObject({ title: z.string(), body: z.string() }),
  data: z.strictObject({ conversation_id: z.string(), seq: z.string().regex(/^\d+$/) }),
  android: z.strictObject({
    priority: z.enum(['normal', 'high']),
    ttl: z.string().regex(/^\d+(\.\d{1,9})?s$/),
    collapse_key: z.string(),
    notification: z.strictObject({
      tag: z.string(),
      sound: z.string(),
      notification_count: z.int().min(0),
    }),
  }),
  apns: z.strictObject({
    headers: z.record(z.string(), z.string()),
    payload: z.looseObject({ aps: z.looseObject({ badge: z.int() }) }),
  }),
});
/** For the app alone: nothing is shown by the system, and Apple's phones get it as a background notification. */
const dataMessageSchema = z.strictObject({
  token: z.string().min(1),
  data: z.strictObject({
    conversation_id: z.string(),
    seq: z.string().regex(/^\d+$/),
    event: z.enum(['withdrawn', 'updated']),
    badge: z.string().regex(/^\d+$/),
    title: z.string().optional(),
    body: z.string().optional(),
  }),
  android: z.strictObject({
    priority: z.literal('normal'),
    ttl: z.string().regex(/^\d+(\.\d{1,9})?s$/),
    collapse_key: z.string(),
  }),
  apns: z.strictObject({
    headers: z.looseObject({
      'apns-push-type': z.literal('background'),
      'apns-priority': z.literal('5'),
    }),
    payload: z.strictObject({ aps: z.strictObject({ 'content-available': z.literal(1) }) }),
  }),
});
const requestSchema = z.strictObject({
  message: z.union([alertSchema, dataMessageSchema]),
  validate_only: z.boolean().optional(),
});

type Message = z.infer<typeof requestSchema>['message'];

/** An answer of FCM with a code of its own, or a bare one of Google's front end. */
export function fcmError(
  status: number,
  code: string,
  { bare = false, retryAfterS = 0 } = {},
): HttpsAnswer {
  const details = [
    { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code },
  ];
  return {
    status,
    body: { error: { code: status, status: code, message: code, ...(bare ? {} : { details }) } },
    ...(retryAfterS > 0 && { retryAfterS }),
  };
}

export interface FcmStandin extends HttpsStandin {
  /** For requests of access tokens. */
  readonly tokenFaults: Faults<HttpsAnswer>;
  /** Given so far. */
  readonly accessTokens: ReadonlySet<string>;
}

/** A server that checks what Google's token and FCM servers check, on one origin. */
export async function startFcmStandin({
  tls,
  account,
  onNotification,
}: FcmStandinOptions): Promise<FcmStandin> {
  const tokenFaults = new Faults<HttpsAnswer>();
  const accessTokens = new Set<string>();

  const standin = await serveHttpsStandin({
    tls,
    other: {
      isFor: ({ method, path }) => method === 'POST' && path === '/token',
      faults: tokenFaults,
      check: ({ body }) => {
        const problem = assertionProblem(body.toString(), account);
        if (problem === undefined) return undefined;
        return { status: 400, body: { error: 'invalid_grant', error_description: problem } };
      },
      take() {
        const access_token = randomBytes(24).toString('base64url');
        accessTokens.add(access_token);
        return { status: 200, body: { access_token, expires_in: 3_599, token_type: 'Bearer' } };
      },
    },
    check({ method, path, headers, body }) {
      const [scheme, token = ''] = (headers.authorization ?? '').split(' ');
      if (scheme !== 'Bearer' || !accessTokens.has(token)) {
        return fcmError(401, 'UNAUTHENTICATED', { bare: true });
      }
      if (method !== 'POST' || path !== `/v1/projects/${account.projectId}/messages:send`) {
        return fcmError(404, 'NOT_FOUND', { bare: true });
      }
      const parsed = requestSchema.safeParse(JSON.parse(body.toString()));
      const tooLarge = body.length > PAYLOAD_BYTES;
      if (parsed.success && !tooLarge) return undefined;
      const answer = fcmError(400, 'INVALID_ARGUMENT');
      return { ...answer, body: { ...(answer.body as object), why: parsed.error?.issues } };
    },
    take({ body }) {
      const { message } = requestSchema.parse(JSON.parse(body.toString()));
      onNotification('notification' in message ? toShown(message) : toChange(message));
      const name = `projects/${account.projectId}/messages/${randomBytes(8).toString('hex')}`;
      return { status: 200, body: { name } };
    },
  });
  return Object.assign(standin, { tokenFaults, accessTokens });
}

function common({ token, data, android }: Message) {
  return {
    platform: 'fcm' as const,
    token,
    conversation_id: data.conversation_id,
    seq: Number(data.seq),
    expires_at: Date.now() + Number.parseFloat(android.ttl) * 1_000,
    urgent: android.priority === 'high',
    at: Date.now(),
  };
}

function toShown(message: z.infer<typeof alertSchema>): ShownNotification {
  const { sound, tag, notification_count: badge } = message.android.notification;
  return { ...common(message), ...message.notification, badge, collapse_id: tag, sound };
}

function toChange(message: z.infer<typeof dataMessageSchema>): ShownNotification {
  const { event: change, title = '', body = '', badge, conversation_id } = message.data;
  return {
    ...common(message),
    ...{ change, title, body, badge: Number(badge), collapse_id: conversation_id },
  };
}

/** RFC 7523: what is wrong with the form in which a service account asks for an access token. */
function assertionProblem(form: string, account: FcmAccount): string | undefined {
  const fields = new URLSearchParams(form);
  const assertion = decodeToken(fields.get('assertion') ?? '');
  if (fields.get('grant_type') !== GRANT || !assertion) return 'no assertion';
  const { iss, aud, scope, iat, exp } = assertion.claims;
  if (assertion.header['alg'] !== 'RS256' || !assertion.signedBy(account.publicKey)) {
    return 'Invalid JWT Signature.';
  }
  if (iss !== account.clientEmail) return 'Invalid issuer';
  if (aud !== 'https://oauth2.googleapis.com/token') return 'Invalid audience';
  if (!`${scope}`.split(' ').includes(SCOPE)) return 'Invalid scope';
  const [from, to] = [Number(iat), Number(exp)];
  const isShort = to > Date.now() / 1_000 && to - from <= 3_600;
  return isShort ? undefined : 'Invalid JWT: lifetime';
}
