import { baseConfig, jwtConfig, redisConfig, whole } from '@agent-messenger/service-kit';
import { z } from 'zod';

export const configSchema = z.object({
  ...baseConfig,
  ...redisConfig,
  ...jwtConfig,
  MESSAGES_URL: z.url({ protocol: /^https?$/ }).describe('Internal URL of the messages service.'),
  ACCESS_TOKEN_TTL_S: whole(
    1,
    86_400,
    'Life of an access token in seconds; of an agent’s at most 300.',
  ).default(300),
  REFRESH_TOKEN_TTL_S: whole(
    60,
    31_536_000,
    'Life of a refresh token in seconds; every refresh starts it anew.',
  ).default(2_592_000),
  BCRYPT_COST: whole(
    10,
    15,
    'bcrypt cost of new hashes; each step doubles the time, 10 takes about 80 ms of a core.',
  ).default(10),
  BCRYPT_CONCURRENCY: whole(
    1,
    64,
    'bcrypt computations at a time; beyond 4, raise UV_THREADPOOL_SIZE as well.',
  ).default(2),
  BCRYPT_QUEUE: whole(
    0,
    10_000,
    'bcrypt computations that may wait; beyond, logins answer unavailable.',
  ).default(64),
  FAILED_ATTEMPTS_MAX: whole(
    1,
    1_000_000,
    'Failed attempts per username and per API key within the window, before more are refused.',
  ).default(10),
  FAILED_ATTEMPTS_WINDOW_S: whole(
    1,
    86_400,
    'Window of FAILED_ATTEMPTS_MAX in seconds, from the first failure.',
  ).default(900),
});
export type Config = z.output<typeof configSchema>;
