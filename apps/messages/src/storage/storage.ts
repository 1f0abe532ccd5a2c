import type { QuotaOf } from './quota-refusals';
import type { StorageLimits } from './storage-config';

/** What an event counts for besides its texts: its row and its entries in indexes. */
export const EVENT_BYTES = 512;

/** The bounds of what is stored. */
export interface Storage {
  limits: StorageLimits;
  /** Whether the disk is at its reserve. */
  isLow(): boolean;
  onRefusal(key: string, of: QuotaOf, bound: 'day' | 'all'): void;
}

/** Of a text as it is stored. */
export function bytesOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(text);
}
