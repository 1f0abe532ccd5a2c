import type { Virtualizer } from '@tanstack/virtual-core';

export type List = Virtualizer<HTMLElement, HTMLElement>;

/**
 * The rows that came into the page with a render stand where their guessed heights put them, and what is below them
 * does too. They are measured before the frame is painted, all with one layout, and what could be seen before stays
 * where it is: a row that came above it moves the scroll position.
 */
export class NewRows {
  readonly #rows = new Set<HTMLElement>();
  /** While rows are measured: what stays where it is, by index. */
  #anchor: number | null = null;

  add(row: HTMLElement): void {
    this.#rows.add(row);
  }

  get isMeasuring(): boolean {
    return this.#anchor !== null;
  }

  /** Whether any of them has another height than was guessed. */
  measure(list: List): boolean {
    const rows = [...this.#rows].filter((row) => row.isConnected);
    this.#rows.clear();
    if (rows.length === 0) return false;
    const sizes = new Map(rows.map((row) => [list.indexFromElement(row), heightOf(row)]));
    const guessed = [...sizes].filter(([n, size]) => list.measurementsCache[n]?.size !== size);
    this.#anchor = anchorOf(list, sizes);
    try {
      for (const [index, size] of guessed) {
        list.resizeItem(index, size);
        // Places are worked out when they are asked for, and the next row is judged by its place.
        list.getTotalSize();
      }
    } finally {
      this.#anchor = null;
    }
    return guessed.length > 0;
  }

  /** Whether the scroll position moves with the row, so that what follows the row does not. */
  isAbove({ index, end }: { index: number; end: number }, offset: number): boolean {
    return this.#anchor === null ? end <= offset : index < this.#anchor;
  }
}

/** To the fraction of a pixel: rounded heights add up to a jump. */
export function heightOf(row: HTMLElement): number {
  return row.getBoundingClientRect().height;
}

/** The first row in view that was in the page before; after a jump to where there was none, the first in view. */
function anchorOf(list: List, isNew: { has: (index: number) => boolean }): number {
  const offset = list.scrollOffset ?? 0;
  const end = offset + (list.scrollRect?.height ?? 0);
  const known = list.getVirtualIndexes().find((index) => {
    const row = list.measurementsCache[index];
    return row && row.end > offset && row.start < end && !isNew.has(index);
  });
  return known ?? list.getVirtualItemForOffset(offset)?.index ?? 0;
}
