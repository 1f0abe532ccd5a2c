/** What is used of a service worker's global scope; the page's own types know nothing of it. */
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
export interface FetchEvent extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
export interface PushEvent extends Extendable {
  readonly data: { json(): unknown } | null;
}
export interface NotificationClick extends Extendable {
  readonly notification: Notification;
}
export interface PageMessage extends Extendable {
  readonly data: unknown;
}
export interface WindowClient {
  readonly url: string;
  readonly visibilityState: DocumentVisibilityState;
  focus(): Promise<WindowClient>;
  postMessage(message: unknown): void;
}

export interface WorkerScope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window' }): Promise<readonly WindowClient[]>;
    openWindow(url: string): Promise<WindowClient | null>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(name: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(name: 'fetch', listener: (event: FetchEvent) => void): void;
  addEventListener(name: 'push', listener: (event: PushEvent) => void): void;
  addEventListener(name: 'notificationclick', listener: (event: NotificationClick) => void): void;
  addEventListener(name: 'message', listener: (event: PageMessage) => void): void;
}
