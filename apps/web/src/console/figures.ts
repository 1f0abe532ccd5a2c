import { language, words } from '../i18n/i18n';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Bytes for people, null for what nobody knows. */
export function bytes(count: number | null): string {
  if (count === null) return words().console.overview.unknown;
  const step = count < 1 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), UNITS.length - 1);
  const unit = UNITS[step] ?? 'byte';
  return new Intl.NumberFormat(language(), {
    style: 'unit',
    unit,
    maximumFractionDigits: 1,
  }).format(count / 1_000 ** step);
}

export function count(value: number | null): string {
  return value === null
    ? words().console.overview.unknown
    : new Intl.NumberFormat(language()).format(value);
}

export function moment(at: string | null): string {
  return at === null
    ? words().console.never
    : new Date(at).toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'medium' });
}
