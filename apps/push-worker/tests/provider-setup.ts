import type { PushPlatform } from '@agent-messenger/contracts';
import { createLogger, loadConfig, Scope } from '@agent-messenger/service-kit';
import {
  startPushStandins,
  trustAuthority,
  type PushStandins,
  type ShownNotification,
} from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../src/config';
import { createProviders } from '../src/providers/create-providers';
import type { Device, Notification, PushProvider, Verdict } from '../src/providers/provider';
import { PushError } from '../src/providers/provider';
import { INTERNAL_JWT_SECRET } from './setup';

export interface ProviderSetup {
  standins: PushStandins;
  /** As the service makes it; `stop` closes it. */
  create(platform: PushPlatform, env?: Record<string, string>): Promise<PushProvider>;
  shown(conversationId: string): ShownNotification[];
  stop(): Promise<void>;
}

/** The providers as they are, in this process, and the stand-ins that they reach. */
export async function startProviderSetup(): Promise<ProviderSetup> {
  const log = createLogger({ name: 'test', level: 'silent' });
  const scope = new Scope(log);
  const dir = mkdtempSync(join(tmpdir(), 'am-providers-'));
  scope.defer('folder', () => rmSync(dir, { recursive: true, force: true }));
  const standins = await startPushStandins({ dir });
  scope.defer('stand-ins', () => standins.stop());
  const { NODE_EXTRA_CA_CERTS: ca = '', ...own } = standins.env;
  scope.defer('trust', trustAuthority(readFileSync(ca, 'utf8')));

  return {
    standins,
    async create(platform, env = {}) {
      const config = loadConfig(configSchema, {
        INTERNAL_JWT_SECRET,
        MESSAGES_URL: 'http://127.0.0.1:1',
        REDIS_URL: 'redis://127.0.0.1:1',
        ...own,
        ...env,
      });
      const provider = (await createProviders(config, { log, scope })).get(platform);
      if (!provider) throw new Error(`${platform} is off`);
      return provider;
    },
    shown: (conversationId) =>
      standins.shown.filter(({ conversation_id }) => conversation_id === conversationId),
    stop: () => scope.close(),
  };
}

export function notification(changes: Partial<Notification> = {}): Notification {
  return {
    user_id: 'usr_1',
    conversation_id: 'cnv_1',
    seq: 2,
    title: 'Echo',
    body: 'hello',
    badge: 1,
    expiresAt: new Date(Date.now() + 3_600_000),
    ...changes,
  };
}

export function appleDevice(): Device {
  return registered('apns', randomBytes(32).toString('hex'));
}

export function androidDevice(): Device {
  return registered('fcm', `fcm-${randomBytes(60).toString('base64url')}`);
}

export function browser({ webpush, vapidPublicKey }: PushStandins): Device {
  const { endpoint, keys } = webpush.subscribe(vapidPublicKey);
  return { ...registered('webpush', endpoint), keys };
}

function registered(platform: PushPlatform, token: string): Device {
  return { device_id: 'phone', platform, token, registered_at: new Date().toISOString() };
}

/** What the provider says to a send that it does not take. */
export async function verdictOf(sending: Promise<void>): Promise<Verdict> {
  try {
    await sending;
  } catch (error) {
    if (error instanceof PushError) return error.verdict;
    throw error;
  }
  throw new Error('it was taken');
}
