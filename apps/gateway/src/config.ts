import { LIMITS } from '@agent-messenger/contracts';
import {
  baseConfig,
  jwtConfig,
  port,
  redisConfig,
  secret,
  serviceUrls,
  whole,
} from '@agent-messenger/service-kit';
import proxyaddr from 'proxy-addr';
import { z } from 'zod';
import { limitsConfig } from './limits/limits-config';
import { webConfig } from './web/web-config';

const APP_ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#@\s]+\/?$/i;
const ORIGINS_ARE =
  'must be origins, comma-separated: a scheme, a host and, where it is not the usual one, a port (https://app.example, http://localhost:5173), or what an app shell or extension sends as Origin (capacitor://localhost, tauri://localhost, app://., chrome-extension://<id>, moz-extension://<id>); neither * nor null, nor a path';

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
  MESSAGES_URL: serviceUrls('Internal URL of messages'),
  BASE_PATH: z
    .string()
    .regex(/^(?:\/[\w.~-]+)+$/, 'must be a path without a slash at its end: /am')
    .default('')
    .describe(
      'Path of the site under which the gateway is asked, `/am` for instance: for proxies that pass it on. Not for one that strips it.',
    ),
  DOCS_PAGE: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'Whether `/docs` shows the API in a browser; `/openapi.json` and `/asyncapi.json` are there in any case.',
    ),
  ...webConfig,
  TRUST_PROXY: z
    .string()
    .transform(list)
    .pipe(z.array(z.string()))
    .refine(areProxies, 'must be addresses or subnets')
    .optional()
    .describe(
      'Addresses or subnets of the proxies whose word about the address of a client counts, comma-separated.',
    ),
  TRUST_PROXY_HEADER: z
    .enum(['x-forwarded-for', 'forwarded'])
    .default('x-forwarded-for')
    .describe(
      'The header in which those proxies name the client: X-Forwarded-For, or Forwarded of RFC 7239.',
    ),
  PROXY_PROTOCOL: z
    .enum(['off', 'on'])
    .default('off')
    .describe(
      'Whether connections from addresses in TRUST_PROXY begin with a header of the PROXY protocol, version 1 or 2, which names the client; one that does not is ended. For proxies that forward TCP.',
    ),
  CORS_ORIGINS: z
    .string()
    .refine((text) => list(text).every(originOf), ORIGINS_ARE)
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
  STREAM_RESUME_MS: whole(
    1_000,
    300_000,
    'How long an answer that is being written waits for its agent to come back before it is kept as interrupted, ms.',
  ).default(30_000),
  STREAM_MAX_AGE_MS: whole(
    1_000,
    LIMITS.streamMs,
    'How long an answer may be written before it is kept as interrupted, ms.',
  ).default(LIMITS.streamMs),
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
  AGENT_PONG_TIMEOUT_MS: whole(
    1_000,
    600_000,
    'How long an agent may take to answer a ping, on either transport, ms: one that makes an answer without reading meanwhile is cut then. When it has died it is seen to be offline so much later; above 10,000 Socket.IO clients also notice a gateway that has vanished so much later.',
  ).default(10_000),
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
  HTTP_STALL_TIMEOUT_MS: whole(
    100,
    600_000,
    'How long a client may take for each 64 KiB of a large answer, or take nothing of any, ms; a slower one is cut.',
  ).default(10_000),
  MAX_HTTP_CONNECTIONS: whole(
    1,
    1_000_000,
    'Open TCP connections that are no WebSockets: of REST calls, and idle ones, of which the oldest gives way to a new one.',
  ).default(5_000),
  MAX_HTTP_CONNECTIONS_PER_IP: whole(
    1,
    1_000_000,
    'The same from one IP address that is not in TRUST_PROXY.',
  ).default(1_000),
  ADMIN_ROUTES: z
    .enum(['public', 'internal'])
    .default('internal')
    .describe(
      'On which port the admin routes are: `public` puts them beside the others. The key is needed on both.',
    ),
  ...limitsConfig,
  REGISTRATION_OPEN: z
    .stringbool()
    .default(false)
    .describe(
      'Whether anyone may register; operators always can, by `npm run admin -- create-user`.',
    ),
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
  )
  .refine(
    ({ PROXY_PROTOCOL, TRUST_PROXY = [] }) => PROXY_PROTOCOL !== 'on' || TRUST_PROXY.length > 0,
    {
      path: ['PROXY_PROTOCOL'],
      message: 'is for proxies that TRUST_PROXY names',
      when: () => true,
    },
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

/**
 * What a browser calls the origin of a page at this URL; undefined for what has none. To URL only those of the web have
 * one, but apps and extensions say who they are in the same way: `capacitor://localhost`, `chrome-extension://<id>`.
 */
function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, protocol, host } = new URL(url);
  if (origin !== 'null') return origin;
  return APP_ORIGIN.test(url) && host !== '' ? `${protocol}//${host}` : undefined;
}

function areProxies(proxies: string[]): boolean {
  try {
    return Boolean(proxyaddr.compile(proxies));
  } catch {
    return false;
  }
}
