import type { Operation } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { NewMessage } from './send-request';

/** How a stream has ended. */
export type Finish = Extract<Operation, { op: 'finish' }>;

export const STREAM_STATES = { end: undefined, fail: 'failed', interrupt: 'interrupted' } as const;

/** The message that an outcome makes. */
export function outcomeOf(
  { stream_id, outcome, ...finish }: Finish,
  content: string,
  replyTo: string | null | undefined,
): NewMessage {
  const { identity_id, epoch, conversation_id, metadata, error, traceparent } = finish;
  const { actions, actions_expire_at } = finish;
  const state = STREAM_STATES[outcome];
  return {
    ...{ identity_id, epoch, conversation_id, metadata, error, traceparent },
    ...{ client_id: stream_id, content, actions, actions_expire_at },
    ...(typeof replyTo === 'string' && { reply_to: replyTo as `msg_${string}` }),
    ...(state && { state }),
  };
}

export function nothingKnown(): AppError {
  return new AppError('conflict', 'The server has nothing of this stream.', { expectedOffset: 0 });
}

export function usedElsewhere({ id }: { id: string }): AppError {
  return new AppError('conflict', 'This stream_id was used in another conversation.', {
    messageId: id,
  });
}
