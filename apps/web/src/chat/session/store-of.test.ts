import type { BrowserStore } from '@agent-messenger/sdk/browser';
import { storeOf } from './store-of';

it('what was on its way when somebody left reads nothing of the next one, and is not written', async () => {
  const kept = new Map<string, unknown>();
  const both = {
    get: async (key: string) => kept.get(key) ?? null,
    set: async (key: string, value: unknown) => void kept.set(key, value),
  };
  const unsent = {
    add: async ({ client_id }: { client_id: string }) => void kept.set(client_id, 'unsent'),
  };
  let hasLeft = false;
  const whole = { storage: both, cache: both, unsent } as unknown as BrowserStore;
  const store = storeOf(whole, () => hasLeft);
  await store.storage.set('tokens', 'mine');
  await store.cache.set('list', []);
  expect(await store.storage.get('tokens')).toBe('mine');

  hasLeft = true;
  kept.clear();
  await whole.storage.set('tokens', 'of the next one');
  await store.storage.set('tokens', 'mine again');
  await store.cache.set('list', []);
  await store.unsent.add({ client_id: 'a' } as never);
  expect(await store.storage.get('tokens')).toBeNull();
  expect([...kept]).toEqual([['tokens', 'of the next one']]);
});
