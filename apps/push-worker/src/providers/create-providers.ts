import { PUSH_PLATFORMS, type PushPlatform } from '@agent-messenger/contracts';
import { ConfigError, type Logger, type Scope } from '@agent-messenger/service-kit';
import type { Config } from '../config';
import { createLogProvider } from './log';
import type { PushProvider } from './provider';
import { readApnsKey, readServiceAccount } from './read-keys';

/** The platforms that can be sent to. */
export type Providers = ReadonlyMap<PushPlatform, PushProvider>;

interface Context {
  log: Logger;
  scope: Scope;
}
type Create = (config: Config, context: Context) => Promise<PushProvider | undefined>;

const CREATE: Record<PushPlatform, { create: Create; missing: string }> = {
  apns: { create: apns, missing: 'APNS_KEY_PATH' },
  fcm: { create: fcm, missing: 'FCM_SERVICE_ACCOUNT' },
  webpush: { create: webPush, missing: 'WEBPUSH_PUBLIC_KEY' },
};

/**
 * Those that are configured. The others are off, or only log, and say so; their libraries are not loaded.
 * @throws ConfigError for keys that cannot be used, with all problems
 */
export async function createProviders(config: Config, context: Context): Promise<Providers> {
  const { log } = context;
  const providers = new Map<PushPlatform, PushProvider>();
  const problems: string[] = [];
  for (const platform of PUSH_PLATFORMS) {
    const { create, missing } = CREATE[platform];
    try {
      const provider = (await create(config, context)) ?? onlyLogging(config, log);
      if (provider) providers.set(platform, provider);
      if (provider?.name === 'log')
        log.warn(
          { platform },
          'no push provider is configured: notifications are logged, not sent',
        );
      if (!provider)
        log.warn(
          { platform, missing },
          'no push provider is configured: no notifications are sent',
        );
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return providers;
}

function onlyLogging({ PUSH_LOG }: Config, log: Logger): PushProvider | undefined {
  return PUSH_LOG ? createLogProvider(log) : undefined;
}

async function apns(config: Config, context: Context): Promise<PushProvider | undefined> {
  const {
    APNS_KEY_PATH: path,
    APNS_KEY_ID: keyId,
    APNS_TEAM_ID: teamId,
    APNS_TOPIC: topic,
  } = config;
  // All or none of them, as the configuration's schema says.
  if (path === undefined || keyId === undefined || teamId === undefined || topic === undefined) {
    return undefined;
  }
  const { APNS_ORIGIN: origin, PUSH_DEADLINE_MS: deadlineMs } = config;
  const key = readApnsKey(path);
  const { createApnsProvider } = await import('./apns/apns-provider');
  return createApnsProvider({ origin, key, keyId, teamId, topic, deadlineMs }, context);
}

async function fcm(config: Config, context: Context): Promise<PushProvider | undefined> {
  const { FCM_SERVICE_ACCOUNT: given } = config;
  if (given === undefined) return undefined;
  const { FCM_ORIGIN: origin, FCM_TOKEN_ORIGIN: tokenOrigin, PUSH_DEADLINE_MS } = config;
  const serviceAccount = readServiceAccount(given);
  const { createFcmProvider } = await import('./fcm/fcm-provider');
  return createFcmProvider(
    { serviceAccount, origin, tokenOrigin, deadlineMs: PUSH_DEADLINE_MS },
    context,
  );
}

async function webPush(config: Config, context: Context): Promise<PushProvider | undefined> {
  const {
    WEBPUSH_PUBLIC_KEY: publicKey,
    WEBPUSH_PRIVATE_KEY: privateKey,
    WEBPUSH_SUBJECT: subject,
  } = config;
  if (publicKey === undefined || privateKey === undefined || subject === undefined) {
    return undefined;
  }
  const { WEBPUSH_ORIGINS, WEBPUSH_NAVIGATE: navigate, PUSH_DEADLINE_MS: deadlineMs } = config;
  const origins = WEBPUSH_ORIGINS.split(',');
  const { createWebPushProvider } = await import('./webpush/webpush-provider');
  return createWebPushProvider(
    { origins, publicKey, privateKey, subject, navigate, deadlineMs },
    context,
  );
}
