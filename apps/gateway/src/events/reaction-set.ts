import type { AppendQueue } from '../append-queue';
import type { RequestHandler } from '../dispatch';

/** The own reaction with one emoji, on or off. */
export function reactionSet(appends: AppendQueue): RequestHandler<'reaction:set'> {
  return ({ identity, epoch }, request) =>
    appends.change({ op: 'react', ...request, identity_id: identity.id, epoch });
}
