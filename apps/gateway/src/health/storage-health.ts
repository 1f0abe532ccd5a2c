import type { Client, Health, messagesCalls } from '@agent-messenger/contracts';
import { answerWithin } from '../answer-within';

/** Whether there is room for new content, and what the store's clock does, as far as messages answers. */
export async function storageHealth(
  messages: Pick<Client<typeof messagesCalls>, 'storageState'>,
): Promise<{ storage: NonNullable<Health['storage']>; clock: NonNullable<Health['clock']> }> {
  const state = await answerWithin(messages.storageState({}));
  return {
    storage: { status: state?.status ?? 'unknown', at_quota: state?.at_quota ?? null },
    clock: { behind_s: state ? state.clock_behind_ms / 1_000 : null },
  };
}
