import type { PushRegistration } from '@agent-messenger/contracts';

type QuietHours = NonNullable<PushRegistration['quiet_hours']>;

const DAY_MINUTES = 24 * 60;

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
