import type { Backoff } from '@agent-messenger/sdk';

/** The SDK's own, but for its upper end: faults of seconds are not to be followed by silence of half a minute. */
export const BACKOFF: Backoff = { minMs: 500, maxMs: 3_000 };
