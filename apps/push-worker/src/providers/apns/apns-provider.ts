import type { Logger, Scope } from '@agent-messenger/service-kit';
import { ApnsClient, ApnsError, Notification as ApnsNotification, SilentNotification } from 'apns2';
import type { Device, Notification, PushProvider } from '../provider';
import { PushError } from '../provider';
import { ApnsPool } from './apns-pool';
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
  const client = new ApnsClient({ team: teamId, keyId, signingKey: key, defaultTopic: topic });
  const openPool = () => new ApnsPool({ origin, deadlineMs });
  // Never connected: apns2 opens its own pool with the first request only.
  void client.client.destroy();
  let pool = usePool(client, openPool());
  scope.defer('apns', () => client.destroy());

  /** A connection that left one request without an answer may be dead: the next requests get a new one. */
  function replacePool(silent: ApnsPool): void {
    if (pool !== silent) return;
    log.warn('APNs did not answer in time: its connection is replaced');
    pool = usePool(client, openPool());
    // Waits for what is in flight, which has deadlines of its own.
    silent.close().catch((error: unknown) => log.debug({ err: error }, 'apns pool'));
  }

  return {
    name: 'apns',
    tellsSilently: true,
    async send(notification, device) {
      const used = pool;
      try {
        await client.send(toApns(notification, device));
      } catch (error) {
        if (error instanceof PushError) throw error;
        if (error instanceof ApnsError) {
          const { statusCode: status, reason, timestamp } = error;
          throw new PushError(apnsVerdict({ status, reason, timestamp }));
        }
        const isTimeout = (error as { name?: unknown } | undefined)?.name === 'TimeoutError';
        if (isTimeout) replacePool(used);
        const reason = isTimeout ? 'timeout' : 'connection';
        throw new PushError({ outcome: 'down', reason }, { cause: error });
      }
    },
  };
}

/** apns2 declares its pool readonly, and takes no other. */
function usePool(client: ApnsClient, pool: ApnsPool): ApnsPool {
  Object.defineProperty(client, 'client', { value: pool, configurable: true });
  return pool;
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
