import { baseConfig, redisConfig, whole } from '@agent-messenger/service-kit';
import { z } from 'zod';

export const configSchema = z.object({
  ...baseConfig,
  ...redisConfig,
  MESSAGES_URL: z.url({ protocol: /^https?$/ }).describe('Internal URL of the messages service.'),
  PUSH_CONCURRENCY: whole(1, 1_000, 'Push jobs that a worker carries out at a time.').default(10),
  PUSH_MIN_INTERVAL_MS: whole(
    0,
    3_600_000,
    'Shortest time between two pushes about one conversation, in milliseconds.',
  ).default(5_000),
  PUSH_LOCK_MS: whole(
    100,
    600_000,
    'How long a job belongs to a worker that gives no sign of life, in milliseconds.',
  ).default(15_000),
});
export type Config = z.output<typeof configSchema>;
