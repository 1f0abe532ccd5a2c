import { z } from 'zod';
import type { CallContract } from './call-contract';

export const storageCalls = {
  /** Room for new content. */
  storageState: {
    request: z.object({}),
    response: z.object({
      /** `low`: the disk is at its reserve, new content is refused. */
      status: z.enum(['ok', 'low']),
      /** Null while the file system does not answer. */
      free_bytes: z.number().nullable(),
      reserve_bytes: z.number(),
      /** Of the store's files; absent where it cannot tell. */
      used_bytes: z.number().optional(),
      /** People, agents and addresses that were refused for their quota within the last hour. */
      at_quota: z.int(),
      /** How far the clock is behind the newest event: it was set back. 0 when it is not. */
      clock_behind_ms: z.int().min(0),
    }),
  },
} as const satisfies Record<string, CallContract>;
