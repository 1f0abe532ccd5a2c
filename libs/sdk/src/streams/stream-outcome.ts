import type { RequestAck, RequestInput, Send, Sent } from '@agent-messenger/contracts';
import { MessengerError } from '../errors';
import { asId } from '../ids';
import type { ChangeName } from '../outbox';

export interface StreamEnd extends Pick<Send, 'metadata' | 'actions' | 'actions_expire_at'> {
  /** Becomes the message in place of what was appended. */
  content?: string;
}

export interface StreamTarget {
  conversationId: string;
  /** Becomes the `client_id` of the message. */
  streamId: string;
  replyTo: string | undefined;
  /** Carries out a change of the conversation's log, in order, until there is an answer. */
  change: <N extends ChangeName>(name: N, payload: RequestInput<N>) => Promise<RequestAck<N>>;
  /** What the writer gets of the outcome. */
  outcome: (sent: Promise<Sent>) => Promise<Sent>;
}

interface Written extends StreamEnd {
  /** The whole text. */
  text: string;
  /** The server should have all of it. */
  isThere: boolean;
}

/** One message, with exactly the text that was written, however much of it the server has. */
export async function commitEnd(target: StreamTarget, written: Written): Promise<Sent> {
  const { change, conversationId, streamId } = target;
  const { text, isThere, content, ...fields } = written;
  const whole = content ?? text;
  if (whole === '') throw new MessengerError('invalid_payload', 'an answer must have text');
  const reply = replyOf(target);
  const request = {
    conversation_id: asId<'cnv'>(conversationId),
    stream_id: streamId,
    offset: text.length,
    ...defined(fields),
    ...reply,
  };
  if (isThere && content === undefined) {
    try {
      return await change('stream:end', request);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  try {
    return await change('stream:end', { ...request, content: whole });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return sendInstead(target, { content: whole, ...defined(fields) });
  }
}

/** Stopped before its first word: there is nothing that could be complete. */
export async function commitNothing(target: StreamTarget): Promise<Sent> {
  const { change, conversationId, streamId } = target;
  try {
    return await change('stream:end', {
      conversation_id: asId<'cnv'>(conversationId),
      stream_id: streamId,
      offset: 0,
      ...replyOf(target),
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
    return sendFailedInstead(target, '', 'Stopped.');
  }
}

/** One message that says that the answer failed, with what the server has of it. */
export async function commitFailure(
  target: StreamTarget,
  text: string,
  error: string,
): Promise<Sent> {
  const { change, conversationId, streamId } = target;
  try {
    return await change('stream:fail', {
      conversation_id: asId<'cnv'>(conversationId),
      stream_id: streamId,
      error,
    });
  } catch (failure) {
    if (!isNotFound(failure)) throw failure;
    return sendFailedInstead(target, text, error);
  }
}

/** A gateway that knows no streams may know no failed messages: it takes none without text. */
function sendFailedInstead(target: StreamTarget, text: string, error: string): Promise<Sent> {
  return sendInstead(target, { content: text === '' ? error : text, state: 'failed', error });
}

/** What a gateway without streams takes. Where it is the conversation that is gone, this is refused as well. */
function sendInstead(
  target: StreamTarget,
  fields: Omit<RequestInput<'message:send'>, 'conversation_id' | 'client_id' | 'reply_to'>,
): Promise<Sent> {
  return target.change('message:send', {
    conversation_id: asId<'cnv'>(target.conversationId),
    client_id: target.streamId,
    ...fields,
    ...replyOf(target),
  });
}

function replyOf({ replyTo }: StreamTarget) {
  return replyTo === undefined ? {} : { reply_to: asId<'msg'>(replyTo) };
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function isNotFound(error: unknown): boolean {
  return error instanceof MessengerError && error.code === 'not_found';
}

/** The server has another length of text, or none: a piece was lost, or its memory. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof MessengerError)) return false;
  // With a message it is another text that stands under this id.
  return error.code === 'not_found' || (error.code === 'conflict' && error.messageId === undefined);
}
