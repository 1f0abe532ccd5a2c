import type { PublicJwk } from '@agent-messenger/service-kit';
import type { AuthHandlers } from './handler';

export function jwksCall(keys: PublicJwk[]): AuthHandlers['jwks'] {
  return () => ({ keys });
}
