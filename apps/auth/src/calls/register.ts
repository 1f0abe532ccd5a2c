import type { Hasher } from '../hasher';
import type { AuthHandlers, Store } from './handler';

/** A taken username is the store's `conflict`. */
export function registerCall(store: Store, hasher: Hasher): AuthHandlers['register'] {
  return async ({ username, password }) =>
    store.createUser({ username, password_hash: await hasher.hash(password) });
}
