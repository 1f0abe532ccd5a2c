import type { z } from 'zod';
import type { Message, reactionSchema } from './objects';
import { canonicalEmoji } from './shown-text';

type Reactions = Message['reactions'];
type Reaction = Pick<z.infer<typeof reactionSchema>, 'emoji' | 'identity_id' | 'set'>;

/**
 * A message's reactions after one was added or removed, the same array when that changes nothing. Emoji are in the
 * order of their first use, identities in theirs.
 */
export function reactionsAfter(reactions: Reactions, reaction: Reaction): Reactions {
  const { emoji, identity_id, set } = reaction;
  // What was stored before may be in another form of the same emoji.
  const known = reactions.find((each) => canonicalEmoji(each.emoji) === canonicalEmoji(emoji));
  if ((known?.identity_ids.includes(identity_id) ?? false) === set) return reactions;
  if (!known) return [...reactions, { emoji, identity_ids: [identity_id] }];
  const identity_ids = set
    ? [...known.identity_ids, identity_id]
    : known.identity_ids.filter((id) => id !== identity_id);
  return reactions
    .map((each) => (each === known ? { emoji, identity_ids } : each))
    .filter((each) => each.identity_ids.length > 0);
}

/** For the documentation. Of an event that others led to, `reaction` may be another one, and there need not be any. */
export const REPEATED_REACTION =
  'One that changes nothing adds no event: with `duplicate: true` it is answered with the last event of the message, whichever that was, whose `message` is as it is now. Apply `event.message`, not `event.reaction`.';
