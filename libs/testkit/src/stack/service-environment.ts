import { join } from 'node:path';
import { findRoot } from '../find-root';
import type { DataFolder } from './data-folder';

export const SERVICE_NAMES = ['auth', 'messages', 'push-worker', 'gateway'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export interface StackSettings {
  data: DataFolder;
  /** What all services inherit. */
  environment: Record<string, string>;
  redisUrl: string;
  queueRedisUrl: string;
  redisPrefix: string;
  /** File with the URL of the PostgreSQL store; without it the store is a file of the data folder. */
  databaseUrlFile?: string;
  messagesUrl?: string;
  authUrl?: string;
  /** Public port of a gateway. */
  port?: number;
  /** Address on which gateways listen; default: loopback. */
  host?: string;
}

/** What each service is told; secrets by file, so that no process listing shows them. */
export function serviceEnvironment(
  service: ServiceName,
  settings: StackSettings,
): Record<string, string> {
  const { data, redisUrl, queueRedisUrl, redisPrefix, messagesUrl = '', authUrl = '' } = settings;
  const common = {
    HOST: '127.0.0.1',
    INTERNAL_PORT: '0',
    INTERNAL_JWT_SECRET_FILE: data.secretFile('internal_jwt_secret'),
    REDIS_URL: redisUrl,
    REDIS_PREFIX: redisPrefix,
  };
  const jwt = { JWT_SECRET_FILE: data.secretFile('jwt_secret') };
  switch (service) {
    case 'messages':
      return { ...common, QUEUE_REDIS_URL: queueRedisUrl, ...storeOf(settings) };
    case 'auth':
      return { ...common, ...jwt, MESSAGES_URL: messagesUrl };
    case 'push-worker':
      return {
        ...common,
        QUEUE_REDIS_URL: queueRedisUrl,
        MESSAGES_URL: messagesUrl,
        ...pushEnvironment(settings),
      };
    case 'gateway':
      return {
        ...common,
        ...jwt,
        ...publicDefaults(settings),
        PORT: `${settings.port ?? 0}`,
        ADMIN_API_KEY_FILE: data.secretFile('admin_api_key'),
        AUTH_URL: authUrl,
        MESSAGES_URL: messagesUrl,
        WEB_DIR: join(findRoot(), 'apps', 'web', 'dist'),
      };
  }
}

function storeOf({ data, databaseUrlFile }: StackSettings): Record<string, string> {
  if (databaseUrlFile !== undefined) return { DATABASE_URL_FILE: databaseUrlFile };
  return { DB_PATH: data.file('messages.db') };
}

/** Loopback is the developer's own machine: open. Elsewhere the services' own defaults hold, unless they are set. */
function publicDefaults({ host = LOOPBACK, environment }: StackSettings): Record<string, string> {
  const listening = { HOST: host, INTERNAL_HOST: LOOPBACK };
  if (!isLoopback(host)) return listening;
  const isSet = (name: string) => Boolean(environment[name] || environment[`${name}_FILE`]);
  const defaults = Object.entries(OF_DEVELOPERS).filter(([name]) => !isSet(name));
  return { ...listening, ...Object.fromEntries(defaults) };
}

const OF_DEVELOPERS = {
  REGISTRATION_OPEN: 'true',
  ADMIN_ROUTES: 'public',
  // Their own tests make a person for each case, all from one address.
  REGISTRATIONS_PER_HOUR_IP: '1000',
};

const LOOPBACK = '127.0.0.1';

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** What a developer sees of pushes without an account at Apple or Google. */
function pushEnvironment({ data, environment }: StackSettings): Record<string, string> {
  const log = environment['PUSH_LOG'] === undefined ? { PUSH_LOG: 'true' } : {};
  if (WEBPUSH.some((name) => environment[name] !== undefined)) return log;
  const { publicKey, privateKey } = data.vapidKeys();
  return {
    ...log,
    WEBPUSH_PUBLIC_KEY: publicKey,
    WEBPUSH_PRIVATE_KEY: privateKey,
    WEBPUSH_SUBJECT: 'mailto:operator@localhost',
  };
}

const WEBPUSH = [
  'WEBPUSH_PUBLIC_KEY',
  'WEBPUSH_PRIVATE_KEY',
  'WEBPUSH_PRIVATE_KEY_FILE',
  'WEBPUSH_SUBJECT',
];

/** Set by the launcher alone: what a shell happens to export must not reach a service beside it. */
const OWN = [
  ...['JWT_SECRET', 'INTERNAL_JWT_SECRET', 'ADMIN_API_KEY', 'NODE_CHANNEL_FD', 'NODE_ENV'],
  ...['DB_PATH', 'DATABASE_URL', 'DATABASE_URL_FILE'],
];

export function inherited(environment: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !OWN.includes(entry[0]),
    ),
  );
}
