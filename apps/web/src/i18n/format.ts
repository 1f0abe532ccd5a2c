import { language } from './i18n';

const DAY_MS = 86_400_000;

/** The reader's own region where the page speaks their language: clocks and dates differ within one. */
function locale(): string {
  const own = navigator.languages.find((tag) => tag.split('-')[0] === language());
  return own ?? language();
}

/** The calendar day of a moment, where the reader is. */
export function dayOf(at: string): string {
  return new Date(at).toDateString();
}

export function timeOfDay(at: string): string {
  return new Date(at).toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit' });
}

/** For a heading between days: "Today", "Yesterday", else the date. */
export function dayName(at: string, now = new Date()): string {
  const date = new Date(at);
  const days = daysBetween(date, now);
  if (days <= 1) {
    const text = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(-days, 'day');
    return text.charAt(0).toLocaleUpperCase(language()) + text.slice(1);
  }
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const };
  return date.toLocaleDateString(locale(), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...year,
  });
}

/** As short as a list needs it: the time today, the weekday this week, else the date. */
export function shortMoment(at: string, now = new Date()): string {
  const date = new Date(at);
  const days = daysBetween(date, now);
  if (days <= 0) return timeOfDay(at);
  if (days < 7) return date.toLocaleDateString(locale(), { weekday: 'short' });
  return date.toLocaleDateString(locale(), { day: '2-digit', month: '2-digit', year: '2-digit' });
}

/** "in 5 minutes" */
export function inMinutes(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000));
  return new Intl.RelativeTimeFormat(language()).format(minutes, 'minute');
}

export function wholeMoment(at: string): string {
  return new Date(at).toLocaleString(locale(), { dateStyle: 'full', timeStyle: 'short' });
}

export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(language(), { type: 'conjunction' }).format(names);
}

function daysBetween(date: Date, now: Date): number {
  const start = (each: Date) => Date.UTC(each.getFullYear(), each.getMonth(), each.getDate());
  return Math.round((start(now) - start(date)) / DAY_MS);
}
