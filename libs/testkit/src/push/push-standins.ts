import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecret } from '../stack/data-folder';
import { startApnsStandin, type ApnsStandin } from './apns-standin';
import { startFcmStandin, type FcmStandin } from './fcm-standin';
import type { ShownNotification } from './shown-notification';
import { createTestTls } from './test-ca';
import { createVapidKeys } from './vapid-keys';
import { startWebPushStandin, type WebPushStandin } from './webpush-standin';

export interface PushStandins {
  readonly apns: ApnsStandin;
  readonly fcm: FcmStandin;
  readonly webpush: WebPushStandin;
  /** All that they took, in order. */
  readonly shown: ShownNotification[];
  /** The settings with which a push worker reaches them. */
  readonly env: Record<string, string>;
  readonly vapidPublicKey: string;
  stop(): Promise<void>;
}

interface PushStandinsOptions {
  /** For the keys and certificates that the push worker reads. */
  dir: string;
  onNotification?: (notification: ShownNotification) => void;
}

/** Apple, Google and a browser's push service, on this machine. */
export async function startPushStandins({
  dir,
  onNotification,
}: PushStandinsOptions): Promise<PushStandins> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const tls = await createTestTls();
  const file = (name: string, text: string): string => {
    writeSecret(join(dir, name), text);
    return join(dir, name);
  };
  const shown: ShownNotification[] = [];
  const show = (notification: ShownNotification): void => {
    shown.push(notification);
    onNotification?.(notification);
  };

  const apnsKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const apnsAccount = { keyId: 'STANDINKEY', teamId: 'STANDINTEM', topic: 'test.agent-messenger' };
  const googleKey = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const googleAccount = {
    projectId: 'standin-project',
    clientEmail: 'push@standin-project.iam.gserviceaccount.com',
  };
  const vapid = createVapidKeys();

  const [apns, fcm, webpush] = await Promise.all([
    startApnsStandin({
      tls,
      account: { ...apnsAccount, publicKey: createPublicKey(apnsKey.privateKey) },
      onNotification: show,
    }),
    startFcmStandin({
      tls,
      account: { ...googleAccount, publicKey: googleKey.publicKey },
      onNotification: show,
    }),
    startWebPushStandin({ tls, onNotification: show }),
  ]);

  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const serviceAccount = {
    type: 'service_account',
    project_id: googleAccount.projectId,
    private_key_id: randomBytes(20).toString('hex'),
    private_key: googleKey.privateKey.export(pkcs8),
    client_email: googleAccount.clientEmail,
    token_uri: 'https://oauth2.googleapis.com/token',
  };
  return {
    apns,
    fcm,
    webpush,
    shown,
    vapidPublicKey: vapid.publicKey,
    env: {
      NODE_EXTRA_CA_CERTS: file('ca.pem', tls.ca),
      APNS_KEY_PATH: file('apns.p8', `${apnsKey.privateKey.export(pkcs8)}`),
      APNS_KEY_ID: apnsAccount.keyId,
      APNS_TEAM_ID: apnsAccount.teamId,
      APNS_TOPIC: apnsAccount.topic,
      APNS_ORIGIN: apns.origin,
      FCM_SERVICE_ACCOUNT: file('service-account.json', JSON.stringify(serviceAccount)),
      FCM_ORIGIN: fcm.origin,
      FCM_TOKEN_ORIGIN: fcm.origin,
      WEBPUSH_PUBLIC_KEY: vapid.publicKey,
      WEBPUSH_PRIVATE_KEY: vapid.privateKey,
      WEBPUSH_SUBJECT: 'mailto:push@localhost.test',
      WEBPUSH_ORIGINS: webpush.origin,
    },
    async stop() {
      await Promise.all([apns.down(), fcm.down(), webpush.down()]);
    },
  };
}
