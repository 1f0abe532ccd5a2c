import type { PushPlatform } from '@agent-messenger/contracts';
import type { Tracing } from '@agent-messenger/service-kit';
import type { NotifyDevice } from './jobs/notify-device';

/** Each run continues the trace of the message that was its reason. */
export function tracePushes(
  notify: NotifyDevice,
  { platform, tracing }: { platform: PushPlatform; tracing: Tracing | undefined },
): NotifyDevice {
  if (!tracing) return notify;
  return async (push, run) => {
    const parent = push.traceparent;
    if (parent === undefined) return notify(push, run);
    const attributes = { 'messenger.platform': platform, 'messenger.attempt': run.attempts };
    return tracing.run({ name: 'push', kind: 'consumer', parent, attributes }, async (span) => {
      const outcome = await notify(push, run);
      if (typeof outcome === 'object') span.set({ 'messenger.delayed': true });
      return outcome;
    });
  };
}
