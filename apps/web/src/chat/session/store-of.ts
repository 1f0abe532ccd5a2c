import type { BrowserStore } from '@agent-messenger/sdk/browser';

/** The store of one who is signed in: what is on its way when they leave reads nothing and is not written. */
export function storeOf(store: BrowserStore, hasLeft: () => boolean): BrowserStore {
  const { storage, cache, unsent } = store;
  const unlessLeft =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>, left: R) =>
    async (...args: A): Promise<R> =>
      hasLeft() ? left : work(...args);
  return {
    ...store,
    storage: {
      get: unlessLeft<[string], string | null>((key) => storage.get(key), null),
      set: unlessLeft<[string, string], void>((key, value) => storage.set(key, value), undefined),
    },
    cache: { ...cache, set: unlessLeft(cache.set, undefined) },
    unsent: {
      ...unsent,
      add: unlessLeft(unsent.add, undefined),
      update: unlessLeft(unsent.update, undefined),
    },
  };
}
