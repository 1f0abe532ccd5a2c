import type { Client, Health, messagesCalls, PushConfig } from '@agent-messenger/contracts';
import { PUSH_PLATFORMS } from '@agent-messenger/contracts';
import { answerWithin } from '../answer-within';

/** Which push providers are configured, as far as messages knows and answers. */
export async function pushHealth(messages: Client<typeof messagesCalls>): Promise<Health['push']> {
  return modesOf((await answerWithin(messages.pushConfig({})))?.push);
}

/** The same of what a push worker has announced. */
export function modesOf(config: PushConfig | null | undefined): Required<Health['push']> {
  const entries = PUSH_PLATFORMS.map((platform) => {
    if (!config) return [platform, 'unknown'] as const;
    if (config.logged?.includes(platform)) return [platform, 'log'] as const;
    return [platform, config.platforms.includes(platform) ? 'on' : 'off'] as const;
  });
  return Object.fromEntries(entries) as Required<Health['push']>;
}
