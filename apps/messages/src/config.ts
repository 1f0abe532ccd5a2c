import { baseConfig, redisConfig, whole } from '@agent-messenger/service-kit';
import { z } from 'zod';

export const configSchema = z.object({
  ...baseConfig,
  ...redisConfig,
  DB_PATH: z
    .string()
    .min(1)
    .describe('File of the SQLite store, on a local disk; made when it is missing.'),
  PUSH_GRACE_MS: whole(
    0,
    600_000,
    'How long a message may remain unreceived before a push is due, milliseconds.',
  ).default(2_000),
  AUDIT_RETENTION_DAYS: whole(
    0,
    36_500,
    'How long entries of the audit log are kept, days; 0 keeps them for ever.',
  ).default(365),
});
export type Config = z.output<typeof configSchema>;
