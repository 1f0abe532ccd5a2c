import type { Client, Health, messagesCalls } from '@agent-messenger/contracts';
import { PUSH_PLATFORMS } from '@agent-messenger/contracts';

/** Longer than messages needs, shorter than what asks for health waits. */
const DEADLINE_MS = 2_000;

/** Which push providers are configured, as far as messages knows and answers. */
export async function pushHealth(messages: Client<typeof messagesCalls>): Promise<Health['push']> {
  const platforms = await configuredPlatforms(messages);
  const entries = PUSH_PLATFORMS.map((platform) => {
    const state = platforms?.includes(platform) ? 'on' : 'off';
    return [platform, platforms ? state : 'unknown'] as const;
  });
  return Object.fromEntries(entries) as Health['push'];
}

async function configuredPlatforms(messages: Client<typeof messagesCalls>) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), DEADLINE_MS);
  });
  // Whether messages answers is told among the dependencies.
  const answer = messages.pushConfig({}).catch(() => undefined);
  const known = await Promise.race([answer, late]);
  clearTimeout(timer);
  return known?.push?.platforms;
}
