import { LIMITS } from '@agent-messenger/contracts';
import { jsonBytes } from '@agent-messenger/service-kit';
import { encodeCursor } from './cursors';

/** What a page may take as JSON, without what stands around its entries. */
export const PAGE_BYTES = LIMITS.pageBytes - 16 * 1024;

interface PageBounds {
  limit: number;
  /** Bytes of the entries as JSON; the first one is in the page however large it is. */
  maxBytes?: number | undefined;
}

interface Page<R, T> {
  taken: T[];
  /** What the last entry was made of. */
  last: R | undefined;
  /** A row was left over. */
  more: boolean;
}

/** Entries made of rows until the page is full by count or by bytes. */
export function takePage<R, T>(
  rows: Iterable<R>,
  make: (row: R) => T,
  { limit, maxBytes = PAGE_BYTES }: PageBounds,
): Page<R, T> {
  const taken: T[] = [];
  let last: R | undefined;
  let bytes = 0;
  for (const row of rows) {
    if (taken.length === limit) return { taken, last, more: true };
    const entry = make(row);
    bytes += jsonBytes(entry);
    if (taken.length > 0 && bytes > maxBytes) return { taken, last, more: true };
    taken.push(entry);
    last = row;
  }
  return { taken, last, more: false };
}

/**
 * The page, of rows of which one more than it may have was asked for.
 * @param cursorOf what the next page goes on from, of the last row of this one
 */
export function cutPage<R>(
  rows: readonly R[],
  limit: number,
  cursorOf: (last: R) => unknown,
): { taken: R[]; next_cursor: string | null } {
  const taken = rows.slice(0, limit);
  const last = taken.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { taken, next_cursor: more ? encodeCursor(cursorOf(last)) : null };
}
