import {
  baseConfig,
  jwtConfig,
  port,
  redisConfig,
  secret,
  whole,
} from '@agent-messenger/service-kit';
import proxyaddr from 'proxy-addr';
import { z } from 'zod';
import { limitsConfig } from './limits-config';

const gatewayVariables = z.object({
  ...baseConfig,
  ...redisConfig,
  ...jwtConfig,
  JWT_SECRET_PREVIOUS: secret(
    'Another accepted JWT_SECRET, while it is being changed: the one before, or the next.',
  ).optional(),
  JWT_ES256: z
    .stringbool()
    .default(false)
    .describe('Accept access tokens that auth signs with ES256; its public keys are asked for.'),
  PORT: port('Public port: REST and sockets.').default(8080),
  ADMIN_API_KEY: secret('Key of the admin routes, sent as X-Admin-Key.'),
  AUTH_URL: httpUrl().describe('Internal URL of auth.'),
  MESSAGES_URL: httpUrl().describe('Internal URL of messages.'),
  TRUST_PROXY: z
    .string()
    .transform(list)
    .pipe(z.array(z.string()))
    .refine(areProxies, 'must be addresses or subnets')
    .optional()
    .describe('Addresses or subnets of the proxies whose X-Forwarded-For counts, comma-separated.'),
  CORS_ORIGINS: z
    .string()
    .refine((text) => list(text).every(originOf), 'must be origins: https://app.example')
    .transform((text) => list(text).flatMap((url) => originOf(url) ?? []))
    .pipe(z.array(z.string()))
    .optional()
    .describe(
      'Origins whose pages may connect and call the REST API, comma-separated; pages of this host always may.',
    ),
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
  MAX_CONNECTIONS_PER_IP: whole(
    1,
    1_000_000,
    'Connections of this gateway from one IP address, also those that have not said who they are; many people may share one.',
  ).default(5_000),
  CONNECTS_PER_SECOND: whole(
    1,
    100_000,
    'Connections admitted per second; in a storm the others are told when to come back.',
  ).default(200),
  MAX_CONNECTION_AGE_S: whole(
    10,
    1_900_000,
    'Age at which a connection is asked to move, s, give or take a tenth: after a scale-up old gateways get relief.',
  ).default(86_400),
  SLOW_CONSUMER_MS: whole(
    100,
    600_000,
    'How long a reader may take nothing while more than 256 KiB wait for it, ms.',
  ).default(30_000),
  DRAIN_SPREAD_MS: whole(
    0,
    20_000,
    'Over how long clients are asked to move when the gateway stops, ms.',
  ).default(5_000),
  HTTP_HEADERS_TIMEOUT_MS: whole(
    100,
    600_000,
    'How long a client may take to send the headers of a request, ms; slower ones are cut.',
  ).default(10_000),
  HTTP_REQUEST_TIMEOUT_MS: whole(
    100,
    600_000,
    'How long a client may take to send a whole request, ms; slower ones are cut.',
  ).default(30_000),
  HTTP_IDLE_TIMEOUT_MS: whole(
    100,
    600_000,
    'How long an HTTP connection may stay open on which nothing moves, ms; longer than that of the load balancer.',
  ).default(65_000),
  MAX_HTTP_CONNECTIONS: whole(
    1,
    1_000_000,
    'Open TCP connections beyond MAX_CONNECTIONS: of REST calls, and of sockets that have not said who they are.',
  ).default(5_000),
  ADMIN_ROUTES: z
    .enum(['public', 'internal'])
    .default('public')
    .describe(
      'On which port the admin routes are: `internal` takes them off the public one. The key is needed on both.',
    ),
  ...limitsConfig,
  REGISTRATION_OPEN: z.stringbool().default(true).describe('Whether anyone may register.'),
});

/** A gateway that could verify no token refuses to start. */
export const gatewayConfig = gatewayVariables
  .refine(({ JWT_SECRET, JWT_ES256 }) => JWT_SECRET !== undefined || JWT_ES256, {
    path: ['JWT_SECRET'],
    message: 'is required, unless JWT_ES256 is true',
    when: () => true,
  })
  .refine(
    ({ JWT_SECRET, JWT_SECRET_PREVIOUS }) =>
      JWT_SECRET_PREVIOUS === undefined || JWT_SECRET !== undefined,
    { path: ['JWT_SECRET_PREVIOUS'], message: 'is nothing without JWT_SECRET', when: () => true },
  );
export type GatewayConfig = z.output<typeof gatewayConfig>;

function httpUrl() {
  return z.url({ protocol: /^https?$/ });
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** What a browser calls the origin of a page at this URL; undefined for what has none. */
function originOf(url: string): string | undefined {
  const origin = URL.canParse(url) ? new URL(url).origin : 'null';
  return origin === 'null' ? undefined : origin;
}

function areProxies(proxies: string[]): boolean {
  try {
    return Boolean(proxyaddr.compile(proxies));
  } catch {
    return false;
  }
}
