import { refreshDigest } from '../refresh-tokens';
import type { AuthHandlers, Store } from './handler';

export function logoutCall(store: Store): AuthHandlers['logout'] {
  return ({ refresh_token, ...request }) =>
    store.endSession({ ...request, refresh_digest: refreshDigest(refresh_token) });
}
