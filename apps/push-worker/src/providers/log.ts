import type { Logger } from '@agent-messenger/service-kit';
import type { PushProvider } from './provider';

/** Sends nothing: says what would be sent, to whom and about what, but not its text and not the device's token. */
export function createLogProvider(log: Logger): PushProvider {
  return {
    name: 'log',
    pushesSilently: true,
    send({ user_id, conversation_id, seq }, { platform }) {
      log.info({ user_id, conversation_id, seq, platform }, 'would send a push notification');
      return Promise.resolve();
    },
  };
}
