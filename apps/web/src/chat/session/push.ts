import { newClientId, type BrowserStore, type Client } from '@agent-messenger/sdk/browser';

/** `none`: this server sends none to browsers, or this browser takes none. */
export type PushState = 'on' | 'off' | 'denied' | 'none';

/** Notifications of this browser. */
export class Push {
  constructor(
    private readonly store: BrowserStore,
    private readonly client: () => Client | null,
  ) {}

  /** Null while there is no server to ask. */
  async state(): Promise<PushState | null> {
    if (!('PushManager' in globalThis) || !('serviceWorker' in navigator)) return 'none';
    const client = this.client();
    if (!client) return null;
    if (!(await publicKeyOf(client))) return 'none';
    if (Notification.permission === 'denied') return 'denied';
    return (await isOn()) ? 'on' : 'off';
  }

  /** After a click: browsers ask nobody without one. */
  async turnOn(): Promise<void> {
    if ((await Notification.requestPermission()) === 'granted') await this.#register();
  }

  /** At each start: a server forgets devices that stay away for a year, and browsers change their subscriptions. */
  async renew(): Promise<void> {
    if (await isOn()) await this.#register();
  }

  async turnOff(): Promise<void> {
    const subscription = await subscriptionNow();
    if (!subscription) return;
    const body = { token: subscription.endpoint };
    try {
      await this.client()?.rest.request('unregisterPush', { body });
    } finally {
      // Whatever the server knows: what it sends here then is refused, and it forgets the device.
      await subscription.unsubscribe();
    }
  }

  async #register(): Promise<void> {
    const client = this.client();
    const key = client && (await publicKeyOf(client));
    const subscription = key && (await subscribe(key));
    if (!client || !subscription) return;
    const { endpoint, keys } = subscription.toJSON();
    const { p256dh, auth } = keys!;
    const device_id = await this.#deviceId();
    const body = {
      device_id,
      platform: 'webpush' as const,
      token: endpoint!,
      keys: { p256dh: p256dh!, auth: auth! },
    };
    await client.rest.request('registerPush', { body });
  }

  async #deviceId(): Promise<string> {
    const known = await this.store.cache.get<string>('device-id');
    if (known !== undefined) return known;
    const made = newClientId();
    await this.store.cache.set('device-id', made);
    return made;
  }
}

async function publicKeyOf(client: Client): Promise<string | undefined> {
  const { webpush_public_key, logged } = await client.rest.request('getPushConfig', {});
  return logged?.includes('webpush') ? undefined : webpush_public_key;
}

async function isOn(): Promise<boolean> {
  const isAllowed = 'Notification' in globalThis && Notification.permission === 'granted';
  return isAllowed && Boolean(await subscriptionNow());
}

async function subscriptionNow(): Promise<PushSubscription | null | undefined> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return registration?.pushManager?.getSubscription();
}

/** The subscription of this browser with that key of the server; one with an earlier key makes room for it. */
async function subscribe(applicationServerKey: string): Promise<PushSubscription | undefined> {
  const manager = (await navigator.serviceWorker.getRegistration())?.pushManager;
  const known = await manager?.getSubscription();
  if (known && !isKey(known.options.applicationServerKey, applicationServerKey)) {
    await known.unsubscribe();
  }
  return manager?.subscribe({ userVisibleOnly: true, applicationServerKey });
}

/** @param key base64url */
function isKey(bytes: ArrayBuffer | null, key: string): boolean {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') === key;
}
