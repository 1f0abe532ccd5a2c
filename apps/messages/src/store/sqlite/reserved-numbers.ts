import type { CommitPart } from './sqlite';

/** How many numbers one write reserves. */
const BLOCK = 1_000;

/** Numbers that rise. */
export interface ReservedNumbers extends CommitPart {
  next(): number;
  /** None that was committed is above it, and none that is committed later at or below it, also after a crash. */
  last(): number;
}

/**
 * Gives out numbers from memory, none of them twice: the transaction that uses the first one above the ceiling writes a
 * new ceiling with it, and after a start they go on from there. What is rolled back leaves a gap.
 */
export function createReservedNumbers(
  start: number,
  writeCeiling: (ceiling: number) => unknown,
): ReservedNumbers {
  let last = start;
  let ceiling = start;
  let written = start;
  return {
    next: () => (last += 1),
    // What is beyond the ceiling was rolled back, and is given out anew after a crash.
    last: () => Math.min(last, ceiling),
    save(all) {
      if (all ? last === ceiling : last <= ceiling) return;
      // Who closes gives out no more: only a crash leaves a gap.
      written = all ? last : last + BLOCK;
      writeCeiling(written);
    },
    saved() {
      ceiling = written;
    },
    undone() {
      written = ceiling;
    },
  };
}
