import { z } from 'zod';
import { PUSH_PLATFORMS } from './jobs';

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptime_s: z.number(),
  dependencies: z.record(
    z.string(),
    z.object({ status: z.enum(['ok', 'down']), latency_ms: z.number().nullable() }),
  ),
  /** Push providers that are configured; `unknown` until a push worker has said so. */
  push: z.record(z.enum(PUSH_PLATFORMS), z.enum(['on', 'off', 'unknown'])),
});
export type Health = z.infer<typeof healthSchema>;
