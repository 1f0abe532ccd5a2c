import { baseConfig, redisConfig, serviceUrls, whole } from '@agent-messenger/service-kit';
import { createECDH } from 'node:crypto';
import { z } from 'zod';

const APNS = ['APNS_KEY_PATH', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'] as const;
const WEBPUSH = ['WEBPUSH_PUBLIC_KEY', 'WEBPUSH_PRIVATE_KEY', 'WEBPUSH_SUBJECT'] as const;

/** Sends at a time to a provider: more in parallel are what FCM calls a burst, and would queue at the others. */
export const MAX_SENDS = 100;

const httpsOrigin = z
  .url({ protocol: /^https$/ })
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'must be https://host[:port]',
  );

/** The push services of the browsers, as of their documentation. */
const BROWSERS = [
  'https://fcm.googleapis.com',
  'https://updates.push.services.mozilla.com',
  'https://web.push.apple.com',
  'https://*.notify.windows.com',
];

export const configSchema = z
  .object({
    ...baseConfig,
    ...redisConfig,
    MESSAGES_URL: serviceUrls('Internal URL of the messages service'),
    PUSH_CONCURRENCY: whole(
      1,
      MAX_SENDS,
      'Notifications that a worker sends at a time, for each provider.',
    ).default(MAX_SENDS),
    PUSH_MIN_INTERVAL_MS: whole(
      0,
      3_600_000,
      'Shortest time between two pushes about one conversation to one device, in milliseconds.',
    ).default(5_000),
    PUSH_LOCK_MS: whole(
      100,
      600_000,
      'How long a job belongs to a worker that gives no sign of life, in milliseconds.',
    ).default(15_000),
    PUSH_TTL_S: whole(
      1,
      2_419_200,
      'Age at which a message is no news any more and is not pushed, in seconds.',
    ).default(86_400),
    PUSH_DEADLINE_MS: whole(
      100,
      60_000,
      'How long a provider may take to answer, in milliseconds.',
    ).default(10_000),
    PUSH_BREAKER_MS: whole(
      100,
      600_000,
      'Longest pause before a provider that does not work is tried again, in milliseconds.',
    ).default(30_000),
    PUSH_PREVIEWS: z
      .stringbool()
      .default(true)
      .describe('Whether notifications show the beginning of the message, or "New message".'),
    PUSH_LOG: z
      .stringbool()
      .default(false)
      .describe('For development: pushes of platforms without a provider are logged, not sent.'),
    APNS_KEY_PATH: z.string().optional().describe('File of the APNs signing key (.p8).'),
    APNS_KEY_ID: z.string().optional().describe('Id of the APNs signing key.'),
    APNS_TEAM_ID: z.string().optional().describe('Id of the Apple developer team.'),
    APNS_TOPIC: z.string().optional().describe("The app's bundle id."),
    APNS_ORIGIN: httpsOrigin
      .default('https://api.push.apple.com')
      .describe(
        'APNs server; https://api.sandbox.push.apple.com for development builds of the app.',
      ),
    FCM_SERVICE_ACCOUNT: z
      .string()
      .optional()
      .describe('Service account of the Firebase project: a JSON file, or its content.'),
    FCM_ORIGIN: httpsOrigin
      .default('https://fcm.googleapis.com')
      .describe('FCM server, or a proxy in front of it.'),
    FCM_TOKEN_ORIGIN: httpsOrigin
      .default('https://oauth2.googleapis.com')
      .describe('Where the service account gets its access tokens, or a proxy in front of it.'),
    WEBPUSH_PUBLIC_KEY: z
      .string()
      .optional()
      .describe('VAPID public key, base64url; browsers subscribe with it.'),
    WEBPUSH_PRIVATE_KEY: z.string().optional().describe('VAPID private key, base64url.'),
    WEBPUSH_SUBJECT: z
      .string()
      .regex(/^(mailto:|https:)/, 'must begin with mailto: or https:')
      .optional()
      .describe('Where push services reach the operator: a mailto: or https: address.'),
    WEBPUSH_NAVIGATE: z
      .url({ protocol: /^https?$/ })
      .includes('{conversation_id}')
      .max(1_024)
      .optional()
      .describe(
        'Where a click on a notification leads: https://chat.example/#{conversation_id} for the web app. With it pushes have the declarative form too, which browsers that know it show without a service worker.',
      ),
    WEBPUSH_ORIGINS: z
      .string()
      .regex(/^https:\/\/[^/,\s]+(,https:\/\/[^/,\s]+)*$/, 'must be https://host[:port],…')
      .default(BROWSERS.join(','))
      .describe(
        'Push services of browsers that may be sent to, with commas; a host may begin with *. Private addresses are refused, unless listed as such.',
      ),
  })
  .superRefine((config, context) => {
    for (const group of [APNS, WEBPUSH]) {
      const missing = group.filter((name) => config[name] === undefined);
      if (missing.length === group.length) continue;
      for (const name of missing) {
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `goes with ${group.join(', ')}`,
        });
      }
    }
    const { WEBPUSH_PUBLIC_KEY: publicKey, WEBPUSH_PRIVATE_KEY: privateKey } = config;
    if (publicKey === undefined || privateKey === undefined) return;
    if (vapidPublicKey(privateKey) === publicKey) return;
    const message = 'is not the VAPID private key that belongs to WEBPUSH_PUBLIC_KEY';
    context.addIssue({ code: 'custom', path: ['WEBPUSH_PRIVATE_KEY'], message });
  });
export type Config = z.output<typeof configSchema>;

/** Undefined when it is no private key. */
function vapidPublicKey(privateKey: string): string | undefined {
  const pair = createECDH('prime256v1');
  try {
    pair.setPrivateKey(privateKey, 'base64url');
    return pair.getPublicKey('base64url');
  } catch {
    return undefined;
  }
}
