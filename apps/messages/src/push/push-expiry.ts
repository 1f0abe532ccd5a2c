import type { Logger, Scope } from '@agent-messenger/service-kit';
import type { Store } from '../store/store';

interface PushExpiryOptions {
  store: Pick<Store, 'expirePushTokens'>;
  log: Logger;
  scope: Scope;
  /** Milliseconds. */
  everyMs?: number;
}

const DAY_MS = 24 * 3_600_000;

/** Removes the devices that nobody uses any more, now and every day. */
export function startPushExpiry({ store, log, scope, everyMs = DAY_MS }: PushExpiryOptions): void {
  function expire(): void {
    store.expirePushTokens().then(
      (count) => count > 0 && log.info({ count }, 'unused push tokens removed'),
      (error: unknown) => log.error({ err: error }, 'unused push tokens were not removed'),
    );
  }
  expire();
  const timer = setInterval(expire, everyMs);
  scope.defer('push expiry', () => clearInterval(timer));
}
