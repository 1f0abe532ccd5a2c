import type { Operation } from '@agent-messenger/contracts';

/** Bounds of one append, its texts as JSON: the store commits it as a whole. */
export const BATCH_OPERATIONS = 1_000;
const BATCH_BYTES = 2 * 1024 * 1024;
/**
 * Of it one identity has this much at most, or one message: others do not wait until all of a greedy one is committed.
 */
const SHARE_BYTES = 256 * 1024;

interface Sized {
  operation: Pick<Operation, 'identity_id'>;
  /** Of its texts as JSON. */
  bytes: number;
}

/** Of what waits, in its order: the next append, its bytes, and what waits on, for each identity in its order too. */
export function takeBatch<T extends Sized>(
  waiting: readonly T[],
): { batch: T[]; bytes: number; left: T[] } {
  const batch: T[] = [];
  const left: T[] = [];
  const shares = new Map<string, number>();
  let bytes = 0;
  for (const each of waiting) {
    const id = each.operation.identity_id;
    const share = shares.get(id) ?? 0;
    const isWithin = (has: number, most: number) => has === 0 || has + each.bytes <= most;
    const fits =
      batch.length < BATCH_OPERATIONS &&
      isWithin(bytes, BATCH_BYTES) &&
      isWithin(share, SHARE_BYTES);
    (fits ? batch : left).push(each);
    if (fits) bytes += each.bytes;
    // What it asks for later stays behind what it asked for first.
    shares.set(id, fits ? share + each.bytes : Infinity);
  }
  return { batch, bytes, left };
}
