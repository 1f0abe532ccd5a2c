import type { Logger, Scope } from '@agent-messenger/service-kit';
import { ApnsClient, ApnsError, Notification as ApnsNotification, SilentNotification } from 'apns2';
import type { Device, Notification, PushProvider } from '../provider';
import { PushError } from '../provider';
import { ApnsConnection } from './apns-connection';
import { apnsVerdict } from './verdict';

export interface ApnsOptions {
  origin: string;
  /** PEM of the .p8 file. */
  key: string;
  keyId: string;
  teamId: string;
  /** The app's bundle id. */
  topic: string;
  deadlineMs: number;
}

/**
 * APNs over one connection with one provider token, which apns2 renews every 55 minutes (Apple: between 20 and 60).
 * A send whose answer was lost is sent again and replaces the first on the phone: both have the conversation as
 * collapse id. apns2 sets no apns-id, so the phone may sound twice.
 */
export function createApnsProvider(
  { origin, key, keyId, teamId, topic, deadlineMs }: ApnsOptions,
  { log, scope }: { log: Logger; scope: Scope },
): PushProvider {
  const client = new ApnsClient({
    team: teamId,
    keyId,
    signingKey: key,
    defaultTopic: topic,
    // Its pings look into the pool of undici that it has no more.
    keepAlive: false,
  });
  const connection = new ApnsConnection({
    origin,
    deadlineMs,
    onSilence: () => log.warn('APNs did not answer in time: its connection is replaced'),
  });
  // Never connected: apns2 opens its own pool with the first request only.
  void client.client.destroy();
  useConnection(client, connection);
  scope.defer('apns', () => client.destroy());

  return {
    name: 'apns',
    pushesSilently: true,
    async send(notification, device) {
      try {
        await client.send(toApns(notification, device));
      } catch (error) {
        if (!(error instanceof ApnsError)) throw error;
        const { statusCode: status, reason, timestamp } = error;
        throw new PushError(apnsVerdict({ status, reason, timestamp }));
      }
    },
  };
}

/** apns2 declares its pool readonly, and takes no other. */
function useConnection(client: ApnsClient, connection: ApnsConnection): void {
  Object.defineProperty(client, 'client', { value: connection });
}

function toApns(
  { conversation_id, seq, title, body, badge, expiresAt, change }: Notification,
  { token }: Device,
): ApnsNotification {
  if (change) {
    // Apple allows no alert, badge or sound in these: the app does what `event` says.
    const text = change === 'updated' ? { title, body } : {};
    return new SilentNotification(token, {
      collapseId: conversation_id,
      expiration: expiresAt,
      data: { conversation_id, seq, event: change, badge, ...text },
    });
  }
  return new ApnsNotification(token, {
    alert: { title, body },
    badge,
    sound: 'default',
    threadId: conversation_id,
    collapseId: conversation_id,
    expiration: expiresAt,
    data: { conversation_id, seq },
  });
}
