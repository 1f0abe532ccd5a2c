import { brandOf } from './brand';
import type { PushEvent, WindowClient, WorkerScope } from './worker-scope';

/** As the push worker sends it. */
export interface Push {
  title?: string;
  body?: string;
  badge?: number;
  conversation_id?: string;
}

type Badged = Navigator & { setAppBadge?(count: number): Promise<void> };

/** Empty for one without data, or with data that is not ours: it is shown all the same. */
export function pushOf({ data }: PushEvent): Push {
  try {
    return (data?.json() ?? {}) as Push;
  } catch {
    return {};
  }
}

/** Always shown, one for each conversation: browsers take the permission from whoever gets pushes and shows nothing. */
export async function showPush(worker: WorkerScope, push: Push): Promise<void> {
  const { name, icon } = await brandOf(worker.registration.scope);
  const { title = name, body = '', badge, conversation_id } = push;
  const badged =
    badge !== undefined && (navigator as Badged).setAppBadge?.(badge).catch(() => undefined);
  await worker.registration.showNotification(title, {
    body,
    tag: conversation_id ?? 'agent-messenger',
    ...(icon !== undefined && { icon }),
    // It takes the place of the one before, and is told of again.
    ...({ renotify: true } as object),
  });
  await badged;
}

/** In a page that is open already, if there is one. */
export async function openConversation(worker: WorkerScope, tag: string): Promise<void> {
  const scope = worker.registration.scope;
  const pages = await worker.clients.matchAll({ type: 'window' });
  const page = mostVisible(pages.filter(({ url }) => url.split(/[?#]/)[0] === scope));
  if (!page) return void (await worker.clients.openWindow(`${scope}#${tag}`));
  await page.focus();
  page.postMessage({ open: tag });
}

function mostVisible(pages: readonly WindowClient[]): WindowClient | undefined {
  return pages.find(({ visibilityState }) => visibilityState === 'visible') ?? pages[0];
}
