import { fail, type Finding } from '@agent-messenger/service-kit';

export { fail, ok, warn, type Finding } from '@agent-messenger/service-kit';

/** What cannot be looked at is a finding, too: the other checks go on. */
export function attempt(what: string, look: () => Finding[]): Finding[] {
  try {
    return look();
  } catch (error) {
    const advice = 'let this user in, or run this as the user that the service runs as';
    return [fail(what, (error as Error).message, advice)];
  }
}
