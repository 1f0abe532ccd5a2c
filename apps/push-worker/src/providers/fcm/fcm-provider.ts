import type { Scope } from '@agent-messenger/service-kit';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getMessaging, type TokenMessage } from 'firebase-admin/messaging';
import { randomUUID } from 'node:crypto';
import { MAX_SENDS } from '../../config';
import type { Device, Notification, PushProvider } from '../provider';
import { PushError } from '../provider';
import { createCredential } from './credential';
import { OriginAgent } from './origin-agent';
import type { ServiceAccount } from './service-account';
import { fcmVerdict } from './verdict';

export interface FcmOptions {
  serviceAccount: ServiceAccount;
  origin: string;
  /** Where access tokens come from. */
  tokenOrigin: string;
  deadlineMs: number;
}

/**
 * FCM's HTTP v1 API by firebase-admin. A send whose answer was lost is sent again and replaces the first on the phone:
 * both have the conversation as collapse key and tag.
 */
export function createFcmProvider(
  { serviceAccount, origin, tokenOrigin, deadlineMs }: FcmOptions,
  { scope }: { scope: Scope },
): PushProvider {
  const agent = new OriginAgent(origin, { keepAlive: true, maxSockets: MAX_SENDS });
  scope.defer('fcm agent', () => agent.destroy());
  const tokens = { origin: tokenOrigin, deadlineMs };
  const app = initializeApp(
    {
      projectId: serviceAccount.project_id,
      credential: createCredential(serviceAccount, tokens, { scope }),
      httpAgent: agent,
    },
    // Apps are kept in a table of the module, by name.
    randomUUID(),
  );
  scope.defer('fcm app', () => deleteApp(app));
  const messaging = getMessaging(app);

  return {
    name: 'fcm',
    pushesSilently: true,
    async send(notification, device) {
      const sending = () => messaging.send(toFcm(notification, device));
      const answer = await agent.firstAnswer(sending, deadlineMs).catch(rethrow);
      if (answer.status !== 200) throw new PushError(fcmVerdict(answer));
    },
  };
}

/** The access token was not given, or there was no connection. */
function rethrow(error: unknown): never {
  if (error instanceof PushError) throw error;
  // firebase-admin passes on what the token server said, as a text.
  const text = error instanceof Error ? error.message : '';
  const isRefused = /invalid_grant|invalid_client|unauthorized_client|invalid_scope/.test(text);
  throw isRefused
    ? new PushError({ outcome: 'misconfigured', reason: 'credential' }, { cause: error })
    : new PushError({ outcome: 'down', reason: 'connection' }, { cause: error });
}

function toFcm(notification: Notification, device: Device): TokenMessage {
  return notification.change ? toDataMessage(notification, device) : toAlert(notification, device);
}

/** Without a notification of its own: the app does what `event` says. */
function toDataMessage(
  { conversation_id, seq, title, body, badge, expiresAt, change = 'updated' }: Notification,
  { token }: Device,
): TokenMessage {
  const text = change === 'updated' ? { title, body } : {};
  return {
    token,
    data: { conversation_id, seq: `${seq}`, event: change, badge: `${badge}`, ...text },
    android: {
      priority: 'normal',
      ttl: Math.max(expiresAt.getTime() - Date.now(), 0),
      collapseKey: conversation_id,
    },
    apns: {
      headers: {
        'apns-push-type': 'background',
        'apns-priority': '5',
        'apns-collapse-id': conversation_id,
        'apns-expiration': `${Math.floor(expiresAt.getTime() / 1_000)}`,
      },
      payload: { aps: { contentAvailable: true } },
    },
  };
}

function toAlert(
  { conversation_id, seq, title, body, badge, expiresAt }: Notification,
  { token }: Device,
): TokenMessage {
  return {
    token,
    notification: { title, body },
    data: { conversation_id, seq: `${seq}` },
    android: {
      priority: 'high',
      ttl: Math.max(expiresAt.getTime() - Date.now(), 0),
      collapseKey: conversation_id,
      notification: { tag: conversation_id, sound: 'default', notificationCount: badge },
    },
    // For apps on Apple's devices that register with Firebase.
    apns: {
      headers: {
        'apns-collapse-id': conversation_id,
        'apns-expiration': `${Math.floor(expiresAt.getTime() / 1_000)}`,
      },
      payload: { aps: { badge, sound: 'default', threadId: conversation_id } },
    },
  };
}
