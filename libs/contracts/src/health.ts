import { z } from 'zod';
import { PUSH_PLATFORMS } from './jobs';

export const healthSchema = z.object({
  /** `draining` with 503: this gateway stops, and asks its clients to move to another one. */
  status: z.enum(['ok', 'degraded', 'draining']),
  version: z.string(),
  uptime_s: z.number(),
  dependencies: z.record(
    z.string(),
    z.object({
      status: z.enum(['ok', 'down']),
      latency_ms: z.number().nullable(),
      /** Why it cannot be used, in one word: `read_only`, `out_of_memory`, `no_answer`, … */
      reason: z.string().optional(),
    }),
  ),
  /**
   * Room for new content: `low` while it is refused because the disk is at its reserve, `unknown` while messages does
   * not say. `at_quota`: people, agents and addresses that were refused for their quota within the last hour.
   */
  storage: z
    .object({ status: z.enum(['ok', 'low', 'unknown']), at_quota: z.int().nullable() })
    .optional(),
  /**
   * `behind_s`: how far the clock of the store is behind its newest event, because it was set back; 0 when it is not.
   */
  clock: z.object({ behind_s: z.number().nullable() }).optional(),
  /** `open`: whoever reaches the gateway can become a person. */
  registration: z.enum(['open', 'closed']).optional(),
  /**
   * Push providers that are configured; `log`: pushes are logged and not sent; `unknown` until a push worker has said
   * so.
   */
  push: z.record(z.enum(PUSH_PLATFORMS), z.enum(['on', 'log', 'off', 'unknown'])),
});
export type Health = z.infer<typeof healthSchema>;
