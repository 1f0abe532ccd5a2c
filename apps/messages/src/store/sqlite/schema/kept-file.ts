import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MARK = '.before-compact-';
const DAY_MS = 24 * 3_600_000;

/** What a file is called after a compact one has taken its name. */
export function keptName(path: string, at: Date): string {
  return `${path}${MARK}${at.toISOString().replace(/[:.]/g, '-')}`;
}

/** Removes what was kept for longer: it has texts that were deleted since. */
export function removeKept(path: string, { days, now }: { days: number; now: Date }): string[] {
  const prefix = basename(path) + MARK;
  const old = readdirSync(dirname(path)).filter((name) => {
    if (!name.startsWith(prefix)) return false;
    const at = Date.parse(
      name.slice(prefix.length).replace(/T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z$/, 'T$1:$2:$3.$4Z'),
    );
    return now.getTime() - at >= days * DAY_MS;
  });
  for (const name of old) rmSync(join(dirname(path), name), { force: true });
  return old;
}
