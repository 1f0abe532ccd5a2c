import { LIMITS } from '@agent-messenger/contracts';

/** What the echo agent says, cut to what a message may hold. */
export function echoOf(content: string): string {
  const bytes = Buffer.from(`echo: ${content}`).subarray(0, LIMITS.contentBytes);
  // As a stream: a character of which only a part is left waits for the rest, which never comes.
  return new TextDecoder().decode(bytes, { stream: true });
}
