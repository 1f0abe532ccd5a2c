import type { Scope } from '@agent-messenger/service-kit';
import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import { sendNotification, WebPushError } from 'web-push';
import { answerWithin } from '../answer-within';
import type { Device, PushProvider } from '../provider';
import { PushError } from '../provider';
import { parseRetryAfter } from '../retry-after';
import { checkEndpoint, lookupPublic, type AllowedOrigins } from './endpoint-rules';
import { payload } from './payload';
import { webPushVerdict } from './verdict';

export interface WebPushOptions {
  origins: AllowedOrigins;
  publicKey: string;
  privateKey: string;
  /** mailto: or https: address of the operator, for the push services. */
  subject: string;
  /** Where a click on a notification leads, with `{conversation_id}` in it. */
  navigate?: string | undefined;
  deadlineMs: number;
}

/** Redirects are not followed: web-push takes them for the refusals that they are here. */
export function createWebPushProvider(
  { origins, publicKey, privateKey, subject, navigate, deadlineMs }: WebPushOptions,
  { scope }: { scope: Scope },
): PushProvider {
  const agent = new Agent({ keepAlive: true, lookup: lookupPublic });
  scope.defer('webpush agent', () => agent.destroy());

  return {
    name: 'webpush',
    pushesSilently: false,

    serverOf: (device) => subscriptionOf(device, origins).server,

    async send(notification, device) {
      const { endpoint, keys } = subscriptionOf(device, origins);
      const { expiresAt, conversation_id } = notification;
      const sending = sendNotification({ endpoint, keys }, payload(notification, navigate), {
        vapidDetails: { subject, publicKey, privateKey },
        TTL: Math.max(Math.floor((expiresAt.getTime() - Date.now()) / 1_000), 0),
        urgency: 'high',
        topic: topic(conversation_id),
        timeout: deadlineMs,
        agent,
      });
      await answerWithin(deadlineMs, sending.catch(rethrow));
    },
  };
}

/** @throws PushError for one that nothing is sent to */
function subscriptionOf({ token, keys }: Device, origins: AllowedOrigins) {
  if (!keys) throw new PushError({ outcome: 'refused', reason: 'no_keys' });
  const { url, allowedBy } = checkEndpoint(token, origins);
  return { endpoint: url, keys, server: allowedBy };
}

function rethrow(error: unknown): never {
  if (error instanceof PushError) throw error;
  if (!(error instanceof WebPushError)) throw withoutAnswer(error);
  const { retryAfterMs } = parseRetryAfter(error.headers['retry-after']);
  throw new PushError(webPushVerdict(error.statusCode, retryAfterMs));
}

/** Keys of the wrong form are found out when the body is encrypted; the network's errors have a system's code. */
function withoutAnswer(error: unknown): PushError {
  const { code = '', message = '', syscall } = error as Partial<NodeJS.ErrnoException>;
  // With a * in the list the host's name is the user's too: one that is not found says nothing about the others.
  if (syscall === 'getaddrinfo') {
    return new PushError({ outcome: 'later', reason: 'host_not_found' }, { cause: error });
  }
  const isNetwork = message === 'Socket timeout' || (code !== '' && !code.startsWith('ERR_CRYPTO'));
  return isNetwork
    ? new PushError({ outcome: 'down', reason: 'connection' }, { cause: error })
    : new PushError({ outcome: 'refused', reason: 'bad_keys' });
}

/** At most 32 characters of base64url: what a push service keeps only the newest of. */
function topic(conversationId: string): string {
  return createHash('sha256').update(conversationId).digest('base64url').slice(0, 32);
}
