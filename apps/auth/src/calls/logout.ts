import { refreshDigest } from '../refresh-tokens';
import type { AuthHandlers, Store } from './handler';

export function logoutCall(store: Store): AuthHandlers['logout'] {
  return ({ refresh_token, push_token }) =>
    store.endSession({ refresh_digest: refreshDigest(refresh_token), push_token });
}
