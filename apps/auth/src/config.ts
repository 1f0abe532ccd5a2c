import {
  baseConfig,
  es256PublicKeys,
  es256SigningKey,
  jwtConfig,
  redisConfig,
  serviceUrls,
  whole,
} from '@agent-messenger/service-kit';
import { z } from 'zod';

const variables = z.object({
  ...baseConfig,
  ...redisConfig,
  ...jwtConfig,
  JWT_PRIVATE_KEY: z
    .string()
    .refine(reads(es256SigningKey), 'must be the PEM of a private key on P-256')
    .optional()
    .describe(
      'Private key (PEM, PKCS #8, P-256): access tokens are signed with ES256 instead of JWT_SECRET, and gateways need no secret.',
    ),
  JWT_PREVIOUS_KEYS: z
    .string()
    .refine(reads(es256PublicKeys), 'must be PEMs of keys on P-256, one after the other')
    .optional()
    .describe(
      'Keys that are published beside JWT_PRIVATE_KEY while it is being changed: the one before, or the next. PEMs, public or private.',
    ),
  MESSAGES_URL: serviceUrls('Internal URL of the messages service'),
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
  LOGIN_LINK_TTL_S: whole(
    1,
    86_400,
    'Life of a login link in seconds: operators make one for a person, and it works once.',
  ).default(600),
  BCRYPT_COST: whole(
    10,
    15,
    'bcrypt cost of new hashes; each step doubles the time, 10 takes about 80 ms of a core. Raised, older hashes follow at the next login; lowered, the time of a login tells which of the older names exist.',
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
    'Failed attempts per username and network (IP address, /64 of IPv6), per known device and per API key and network; from then on each one makes the next wait.',
  ).default(10),
  FAILED_ATTEMPTS_MAX_ACCOUNT: whole(
    1,
    1_000_000,
    'The same per username, from all devices together that have not logged in before.',
  ).default(50),
  FAILED_ATTEMPTS_WAIT_MS: whole(
    1,
    3_600_000,
    'The first wait, ms; each further failure doubles it.',
  ).default(1_000),
  FAILED_ATTEMPTS_WAIT_MAX_MS: whole(1, 86_400_000, 'The longest wait, ms.').default(900_000),
  FAILED_ATTEMPTS_WINDOW_S: whole(
    1,
    604_800,
    'Time after the last failed attempt after which all are forgotten, s; a success forgets them at once.',
  ).default(3_600),
});

export const configSchema = variables.refine(
  ({ JWT_SECRET, JWT_PRIVATE_KEY }) => JWT_SECRET !== undefined || JWT_PRIVATE_KEY !== undefined,
  {
    path: ['JWT_SECRET'],
    message: 'is required, unless JWT_PRIVATE_KEY is set',
    when: () => true,
  },
);
export type Config = z.output<typeof configSchema>;

function reads(parse: (pem: string) => unknown): (pem: string) => boolean {
  return (pem) => {
    try {
      return Boolean(parse(pem));
    } catch {
      return false;
    }
  };
}
