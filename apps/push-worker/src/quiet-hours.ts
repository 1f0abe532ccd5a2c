import type { PushRegistration } from '@agent-messenger/contracts';

type QuietHours = NonNullable<PushRegistration['quiet_hours']>;

const DAY_MINUTES = 24 * 60;
/** They may be changed meanwhile, and so may the clocks: to and from summer time. */
const LOOK_AGAIN_MS = 15 * 60_000;

/** Milliseconds after which to look again whether a device may be told, 0 when it may be now. */
export function untilQuietHoursEnd(quietHours: QuietHours | undefined, now: Date): number {
  if (!quietHours) return 0;
  return Math.min(quietMinutesLeft(quietHours, now) * 60_000, LOOK_AGAIN_MS);
}

/**
 * Minutes until the quiet hours end, 0 outside of them. From `from` up to `to`, by the clock on the person's wall;
 * over midnight when `to` is the earlier one, and never when both are the same.
 */
export function quietMinutesLeft({ from, to, timezone }: QuietHours, now: Date): number {
  const [begin, end, time] = [minutesOf(from), minutesOf(to), minutesOf(wallClock(now, timezone))];
  const length = (end - begin + DAY_MINUTES) % DAY_MINUTES;
  const passed = (time - begin + DAY_MINUTES) % DAY_MINUTES;
  return passed < length ? length - passed : 0;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function wallClock(now: Date, timeZone: string): string {
  return now.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
}
