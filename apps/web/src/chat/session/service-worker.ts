import { SERVICE_WORKER, trustedTypesPolicy } from '../../trusted-types';

/** Clicks on notifications open a conversation here. Returns the function that ends it. */
export function followClicks(
  onOpen: (conversationId: string) => void,
  worker: EventTarget | undefined = navigator.serviceWorker,
): () => void {
  const onMessage = (event: Event) => {
    const { open } = (event as MessageEvent<{ open?: string }>).data;
    if (open?.startsWith('cnv_')) onOpen(open);
  };
  worker?.addEventListener('message', onMessage);
  return () => worker?.removeEventListener('message', onMessage);
}

/** Null where there are none: pages that came without TLS, and some private windows. */
export async function startServiceWorker(): Promise<ServiceWorkerRegistration | null> {
  if (!('serviceWorker' in navigator)) return null;
  try {
    const url = trustedTypesPolicy.createScriptURL(`./${SERVICE_WORKER}`);
    const registration = await navigator.serviceWorker.register(url, { updateViaCache: 'none' });
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
    active?.postMessage({ shell: loaded.filter((name) => name.includes('/assets/')) });
    return registration;
  } catch {
    // The page does without: nothing of it is there when there is no network.
    return null;
  }
}

/** What was read here, or elsewhere, is no news any more. */
export async function clearNotifications(unread: ReadonlySet<string>): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications()) ?? []) {
    if (!unread.has(shown.tag)) shown.close();
  }
}

/** On the icon of an installed app, where pushes set it too. */
export function showBadge(unread: number): void {
  const { setAppBadge } = navigator as { setAppBadge?: (count: number) => Promise<void> };
  // A browser that has no place for it.
  void setAppBadge?.call(navigator, unread).catch(() => undefined);
}
