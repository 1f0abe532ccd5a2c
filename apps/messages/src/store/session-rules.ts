import { LIMITS } from '@agent-messenger/contracts';

/** How many of what was handed out before are kept. */
export const SESSIONS_KEPT = {
  /**
   * Used refresh digests of a session, newest first. A copy of one of these ends the session; an even older one is
   * unknown, and refused without any effect.
   */
  used: 50,
  /**
   * Handed out, not used, and not the newest: of tabs that refreshed at the same moment, and of answers that were lost.
   */
  beside: 16,
  /** Ended sessions of a person until they would have run out: a logout that is repeated is answered alike. */
  ended: LIMITS.sessionsPerPerson,
};
/**
 * How exact `last_used_at` of a session is that comes back by itself: a row for every connect would cost those that
 * reconnect often.
 */
const CONNECT_NOTED_EVERY_MS = 600_000;
/** How long a token that was used may be shown again by somebody who got no answer. */
const REPEAT_MS = 30_000;

interface UsedToken {
  /** RFC 3339; null: never. */
  used_at: string | null;
  /** Whether one that was handed out for it was used. */
  is_succeeded: boolean;
}

/** None of those that were handed out for it has been used, and its answer may have been lost. */
export function isRepetition({ used_at, is_succeeded }: UsedToken, at: string): boolean {
  if (used_at === null || is_succeeded) return false;
  return Date.parse(at) - Date.parse(used_at) <= REPEAT_MS;
}

/**
 * What is noted of a use at `at`: later than the person's newest one, whatever the clock says. It may have been set
 * back, and the order decides which session makes room.
 * @param newest of all sessions of the person; null: it has none
 */
export function useAt(at: string, newest: string | null): string {
  return newest === null || at > newest ? at : new Date(Date.parse(newest) + 1).toISOString();
}

export interface LastUse {
  own: string;
  /** Of all sessions of the person. */
  newest: string;
}

/**
 * Whether it is to be noted that a session connects at `at`: not when the order is as it would be, and the time nearly.
 */
export function isConnectDue(at: string, { own, newest }: LastUse): boolean {
  return own !== newest || Date.parse(at) - Date.parse(own) >= CONNECT_NOTED_EVERY_MS;
}
