import type { RequestHandler } from '../requests/dispatch';
import type { PresenceService } from '../presence/presence';

export function presenceWatch(presence: PresenceService): RequestHandler<'presence:watch'> {
  return async (connection, { identities }) => ({
    presence: await presence.watch(connection, identities),
  });
}
