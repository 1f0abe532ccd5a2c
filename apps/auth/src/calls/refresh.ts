import type { Sessions } from '../sessions';
import type { AuthHandlers } from './handler';

export function refreshCall(sessions: Sessions): AuthHandlers['refresh'] {
  return ({ refresh_token }) => sessions.renew(refresh_token);
}
