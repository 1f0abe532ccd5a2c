import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { z } from 'zod';
import { decodeToken } from './json-web-token';

export interface ApnsAnswer {
  status: number;
  reason: string;
  /** ms since the epoch, with 410 */
  timestamp?: number;
  retryAfterS?: number;
}

export interface ApnsAccount {
  keyId: string;
  teamId: string;
  topic: string;
  publicKey: KeyObject;
}

/** Apple allows one new provider token in this time. */
const TOKEN_CHANGE_MS = 20 * 60_000;
const TOKEN_AGE_S = 3_600;
const PAYLOAD_BYTES = 4_096;
const PUSH_TYPES = [
  'alert',
  'background',
  'location',
  'voip',
  'complication',
  'fileprovider',
  'mdm',
];

export const apnsPayloadSchema = z.looseObject({
  aps: z.looseObject({
    alert: z.object({ title: z.string(), body: z.string() }),
    badge: z.int().min(0),
    sound: z.string(),
    'thread-id': z.string(),
  }),
  conversation_id: z.string(),
  seq: z.int(),
});

export const apnsBackgroundSchema = z.strictObject({
  aps: z.strictObject({ 'content-available': z.literal(1) }),
  conversation_id: z.string(),
  seq: z.int(),
  event: z.enum(['withdrawn', 'updated']),
  badge: z.int().min(0),
  title: z.string().optional(),
  body: z.string().optional(),
});

/** The provider token of one connection, as Apple watches it. */
export class ProviderTokenCheck {
  private token: string | undefined;
  private changedAt = 0;

  constructor(private readonly account: ApnsAccount) {}

  check(authorization: string | undefined): ApnsAnswer | undefined {
    const [scheme, text] = (authorization ?? '').split(' ');
    if (scheme !== 'bearer' || !text) return { status: 403, reason: 'MissingProviderToken' };
    const token = decodeToken(text);
    const { keyId, teamId, publicKey } = this.account;
    const invalid = { status: 403, reason: 'InvalidProviderToken' };
    if (token?.header['alg'] !== 'ES256' || token.header['kid'] !== keyId) return invalid;
    // Looked at once: a signature takes longer than the whole rest of a request.
    const isSigned = text === this.token || token.signedBy(publicKey);
    if (token.claims['iss'] !== teamId || !isSigned) return invalid;
    const ageS = Date.now() / 1_000 - Number(token.claims['iat']);
    if (!(ageS > -60 && ageS < TOKEN_AGE_S)) return { status: 403, reason: 'ExpiredProviderToken' };
    if (text === this.token) return undefined;
    if (this.token !== undefined && Date.now() - this.changedAt < TOKEN_CHANGE_MS) {
      return { status: 429, reason: 'TooManyProviderTokenUpdates' };
    }
    this.token = text;
    this.changedAt = Date.now();
    return undefined;
  }
}

/** What Apple says to such a request; undefined: it is taken. */
export function checkApnsRequest(
  headers: IncomingHttpHeaders,
  body: string,
  { topic }: ApnsAccount,
): ApnsAnswer | undefined {
  const bad = (reason: string, status = 400) => ({ status, reason });
  const token = tokenOf(headers);
  if (headers[':method'] !== 'POST') return bad('MethodNotAllowed', 405);
  if (token === undefined) return bad('BadPath', 404);
  if (!/^[0-9a-f]{64,200}$/i.test(token)) return bad('BadDeviceToken');
  if (headers['apns-topic'] === undefined) return bad('MissingTopic');
  if (headers['apns-topic'] !== topic) return bad('TopicDisallowed');
  if (!PUSH_TYPES.includes(`${headers['apns-push-type']}`)) return bad('InvalidPushType');
  if (!['1', '5', '10'].includes(`${headers['apns-priority'] ?? 10}`)) return bad('BadPriority');
  if (!/^\d{1,12}$/.test(`${headers['apns-expiration'] ?? 0}`)) return bad('BadExpirationDate');
  if (Buffer.byteLength(`${headers['apns-collapse-id'] ?? ''}`) > 64) return bad('BadCollapseId');
  if (body === '') return bad('PayloadEmpty');
  if (Buffer.byteLength(body) > PAYLOAD_BYTES) return bad('PayloadTooLarge', 413);
  return headers['apns-push-type'] === 'background' ? backgroundProblem(headers, body) : undefined;
}

/** What Apple documents of background notifications: it may drop what breaks it without a word. */
function backgroundProblem(headers: IncomingHttpHeaders, body: string): ApnsAnswer | undefined {
  if (headers['apns-priority'] !== '5') return { status: 400, reason: 'BadPriority' };
  const { success } = apnsBackgroundSchema.safeParse(JSON.parse(body));
  return success ? undefined : { status: 400, reason: 'InvalidPushType' };
}

export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  return /^\/3\/device\/(.+)$/.exec(headers[':path'] ?? '')?.[1];
}
