import type { Entry, Violation } from './history';

/**
 * The entries that a violation is about, with the faults, as lines: `before` entries until it and `after` from it on.
 */
export function timeline(
  history: readonly Entry[],
  { about, at }: Violation,
  { before = 60, after = 20 }: { before?: number; after?: number } = {},
): string[] {
  const concerned = history.filter((entry) => entry.type === 'fault' || concerns(entry, about));
  const split = concerned.findLastIndex((entry) => entry.at <= at) + 1;
  return concerned
    .slice(Math.max(0, split - before), split + after)
    .map((entry) => line(entry, about));
}

function concerns(entry: Entry, about: string): boolean {
  const { conversation, identity } = entry as { conversation?: string; identity?: string };
  return conversation === about || identity === about;
}

/** Without what the lines have in common. */
function line(entry: Entry, about: string): string {
  const { at, type, ...rest } = entry;
  const shown = entry.type === 'log' ? { events: entry.events.length } : rest;
  const fields = Object.entries(shown)
    .filter(([, value]) => value !== about)
    .map(([name, value]) => `${name}=${String(value)}`);
  return `${(at / 1_000).toFixed(3).padStart(9)} s  ${type} ${fields.join(' ')}`;
}
