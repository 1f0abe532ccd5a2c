import { MessengerError } from '../errors';
import { asId } from '../ids';
import type { AgentParts } from './agent-conversation';
import { HandlerTimeout, type IncomingMessage } from './handler-runs';

/**
 * Shows the person that there will be no answer: what was begun of one is marked as failed, else there is one message
 * that says so, however often it is told. What went wrong is for the log of the agent, not for people.
 */
export async function reportFailure(
  { session, streams }: AgentParts,
  message: IncomingMessage,
  failure: unknown,
): Promise<void> {
  const error =
    failure instanceof HandlerTimeout
      ? 'The agent did not answer in time.'
      : 'The agent could not answer this message.';
  const begun = streams.openOf(`${message.id}:`);
  await Promise.all(begun.map((stream) => stream.fail(error)));
  if (begun.length > 0) return;
  const report = {
    conversation_id: asId<'cnv'>(message.conversation_id),
    client_id: `failed:${message.id}`,
    reply_to: asId<'msg'>(message.id),
    state: 'failed' as const,
    error,
  };
  try {
    await session.outbox.add('message:send', { ...report, content: '' });
  } catch (refusal) {
    if (!(refusal instanceof MessengerError) || refusal.code !== 'invalid_payload') throw refusal;
    // A gateway that knows no failed messages takes none without text.
    await session.outbox.add('message:send', { ...report, content: error });
  }
}
