/// <reference lib="dom" />
import type { BrowserContext, Page } from 'playwright-core';
import { waitFor, type PushStandins } from '@agent-messenger/testkit';

/**
 * Chromium subscribes at Google's service, which no test reaches: this takes the place of `PushManager` in the pages of
 * a browser. Pushes come to the real service worker by the debugger.
 */
export async function subscribeAtStandin(
  context: BrowserContext,
  { webpush, vapidPublicKey }: PushStandins,
): Promise<void> {
  const subscription = webpush.subscribe(vapidPublicKey);
  await context.addInitScript((made) => {
    const KEY = 'stand-in: subscribed with';
    const bytes = (base64url: string) =>
      Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (sign) =>
        sign.charCodeAt(0),
      ).buffer;
    const now = () => {
      const key = localStorage.getItem(KEY);
      if (key === null) return null;
      return {
        endpoint: made.endpoint,
        options: { applicationServerKey: bytes(key) },
        toJSON: () => made,
        unsubscribe: async () => localStorage.removeItem(KEY),
      };
    };
    Object.assign(PushManager.prototype, {
      getSubscription: async () => now(),
      subscribe: async (options: { userVisibleOnly: boolean; applicationServerKey: string }) => {
        if (!options.userVisibleOnly) throw new DOMException('silent pushes', 'NotAllowedError');
        const known = localStorage.getItem(KEY);
        if (known !== null && known !== options.applicationServerKey) {
          throw new DOMException('another key', 'InvalidStateError');
        }
        localStorage.setItem(KEY, options.applicationServerKey);
        return now();
      },
    });
  }, subscription);
}

export interface Shown {
  title: string;
  body: string;
  tag: string;
  icon: string;
}

/** The service worker of the app, as the browser and its notifications see it. */
export class PushedBrowser {
  private constructor(
    /** A page of the origin that is not the app. */
    private readonly beside: Page,
    private readonly origin: string,
    private readonly scope: string,
  ) {}

  static async open(context: BrowserContext, scope: string): Promise<PushedBrowser> {
    const beside = await context.newPage();
    await beside.goto(`${scope}icon.svg`);
    return new PushedBrowser(beside, new URL(scope).origin, scope);
  }

  /** The push service hands a push over to the browser; resolves once that shows a notification that has the text. */
  async deliver(data: string, text: string): Promise<Shown> {
    const debug = await this.beside.context().newCDPSession(this.beside);
    const found = new Promise<string>((resolve) =>
      debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const own = registrations.find(({ scopeURL }) => scopeURL === this.scope);
        if (own) resolve(own.registrationId);
      }),
    );
    await debug.send('ServiceWorker.enable');
    const registrationId = await found;
    await debug.send('ServiceWorker.deliverPushMessage', {
      origin: this.origin,
      registrationId,
      data,
    });
    const shown = await waitFor(
      async () => (await this.shown()).find(({ body }) => body === text),
      {
        describe: `a notification “${text}”`,
      },
    );
    // Not before: what it has handed over may still be on its way to the worker.
    await debug.detach();
    return shown;
  }

  /** What the browser shows now. */
  shown(): Promise<Shown[]> {
    return this.beside.evaluate(async (scope) => {
      const registration = await navigator.serviceWorker.getRegistration(scope);
      const all = (await registration?.getNotifications()) ?? [];
      return all.map(({ title, body, tag, icon }) => ({ title, body, tag, icon }));
    }, this.scope);
  }

  /**
   * A click on the only notification, as the service worker hears of it. Only a real hand may make it show a window:
   * resolves to what it asked for instead, `focus`, or the address of a new one.
   */
  async click(): Promise<string> {
    const context = this.beside.context();
    const worker = await waitFor(() => context.serviceWorkers()[0], { describe: 'the worker' });
    return worker.evaluate(async () => {
      const scope = globalThis as unknown as {
        registration: ServiceWorkerRegistration;
        clients: object;
        WindowClient: { prototype: object };
        NotificationEvent: new (name: string, init: object) => globalThis.Event;
      };
      const [notification] = await scope.registration.getNotifications();
      return new Promise<string>((resolve) => {
        Object.assign(scope.WindowClient.prototype, { focus: async () => resolve('focus') });
        Object.assign(Object.getPrototypeOf(scope.clients) as object, {
          openWindow: async (url: string) => resolve(url),
        });
        dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
      });
    });
  }
}
