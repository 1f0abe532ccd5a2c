import type { Operation } from '@agent-messenger/contracts';

/** A message to commit: what a send or the end of a stream asks for. */
export type NewMessage = Omit<Extract<Operation, { op: 'send' }>, 'op' | 'state'> & {
  state?: 'interrupted' | 'failed' | undefined;
};

/**
 * What a retry has to repeat. A part that came later stands in it only where it was asked for: older digests stay as
 * they are.
 */
export function requested(message: NewMessage): unknown[] {
  const { conversation_id, content, metadata, reply_to, state, error, actions } = message;
  const outcome = state === undefined ? [] : [{ state, error }];
  // Not when they expire: asked again, a question may be given another time.
  const offer = actions === undefined ? [] : [{ actions }];
  return [conversation_id, content, metadata, reply_to, ...outcome, ...offer];
}
