import {
  baseConfig,
  jwtConfig,
  port,
  redisConfig,
  secret,
  whole,
} from '@agent-messenger/service-kit';
import { z } from 'zod';

export const gatewayConfig = z.object({
  ...baseConfig,
  ...redisConfig,
  ...jwtConfig,
  PORT: port('Public port: REST and sockets.').default(8080),
  ADMIN_API_KEY: secret('Key of the admin routes, sent as X-Admin-Key.'),
  AUTH_URL: z.url().describe('Internal URL of auth.'),
  MESSAGES_URL: z.url().describe('Internal URL of messages.'),
  TRUST_PROXY: z
    .string()
    .optional()
    .describe('Addresses or subnets of the proxies whose X-Forwarded-For counts, comma-separated.'),
  LEASE_TTL_MS: whole(
    1_000,
    300_000,
    'Life of a connection lease without renewal, ms; renewed at a third of it.',
  ).default(30_000),
  MAX_CONNECTIONS: whole(
    1,
    1_000_000,
    'Connections of this gateway; further ones get `unavailable`.',
  ).default(20_000),
  SENDS_PER_MINUTE: whole(1, 100_000_000, 'Messages of one identity per minute.').default(600),
  SENDS_PER_MINUTE_IP: whole(1, 100_000_000, 'Messages from one IP address per minute.').default(
    6_000,
  ),
  CONNECTS_PER_MINUTE_IP: whole(
    1,
    100_000_000,
    'Connection attempts from one IP address per minute.',
  ).default(600),
  LOGINS_PER_MINUTE_IP: whole(
    1,
    100_000_000,
    'Logins, refreshes and agent tokens from one IP address per minute.',
  ).default(60),
  REGISTRATIONS_PER_HOUR_IP: whole(
    1,
    100_000_000,
    'Registrations from one IP address per hour.',
  ).default(20),
  REGISTRATION_OPEN: z.stringbool().default(true).describe('Whether anyone may register.'),
});
export type GatewayConfig = z.output<typeof gatewayConfig>;
