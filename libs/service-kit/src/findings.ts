export interface Finding {
  level: 'ok' | 'warn' | 'fail';
  /** What was looked at: `redis version`. */
  what: string;
  /** What was found. */
  found: string;
  /** What to do about it; of everything that is not ok. */
  advice?: string;
}

export const ok = (what: string, found: string): Finding => ({ level: 'ok', what, found });
export const warn = (what: string, found: string, advice: string): Finding => ({
  level: 'warn',
  what,
  found,
  advice,
});
export const fail = (what: string, found: string, advice: string): Finding => ({
  level: 'fail',
  what,
  found,
  advice,
});

/** What cannot be looked at is a finding, too: the other checks go on. */
export function attempt(what: string, look: () => Finding[]): Finding[] {
  try {
    return look();
  } catch (error) {
    const advice = 'let this user in, or run this as the user that the service runs as';
    return [fail(what, (error as Error).message, advice)];
  }
}
