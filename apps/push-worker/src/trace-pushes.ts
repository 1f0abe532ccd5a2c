import type { PushPlatform } from '@agent-messenger/contracts';
import type { Tracing } from '@agent-messenger/service-kit';
import type { TellDevice } from './jobs/tell-device';

/** Each run continues the trace of the message that was its reason. */
export function tracePushes(
  tell: TellDevice,
  { platform, tracing }: { platform: PushPlatform; tracing: Tracing | undefined },
): TellDevice {
  if (!tracing) return tell;
  return async (push, run) => {
    const parent = push.traceparent;
    if (parent === undefined) return tell(push, run);
    const attributes = { 'messenger.platform': platform, 'messenger.attempt': run.attempts };
    return tracing.run({ name: 'push', kind: 'consumer', parent, attributes }, async (span) => {
      const told = await tell(push, run);
      if (typeof told === 'object') span.set({ 'messenger.delayed': true });
      return told;
    });
  };
}
