import type { Store } from './store/store';

/** How old the first event after `pos` is, seconds; 0 at the head of the log. */
export async function lagOf(store: Pick<Store, 'entriesAfter'>, pos: number): Promise<number> {
  const [oldest] = await store.entriesAfter(pos, 1);
  return oldest ? Math.max(0, Date.now() - Date.parse(oldest.event.at)) / 1_000 : 0;
}
