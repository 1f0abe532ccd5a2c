import { contract } from '../contract/contract';
import { asId } from '../ids';
import type { Session } from '../session';
import { StreamReader } from './stream-reader';

/** Follows the answers that are being written in a person's conversations. */
export function readStreams(session: Session): StreamReader {
  const { connection, events } = session;
  const reader = new StreamReader({
    fetch: async ({ conversation_id, stream_id, agent_id }) => {
      const { text } = await connection.requestUntilAnswered('stream:get', {
        conversation_id: asId<'cnv'>(conversation_id),
        stream_id,
        agent_id: asId<'agt'>(agent_id),
      });
      return text;
    },
    onChange: (stream) => events.emit('stream', stream),
    onError: (error) => {
      if (!session.signal.aborted) events.emit('error', error);
    },
    silenceMs: contract.limits.streamSilenceMs,
  });
  connection.events.on('stream', (piece) => reader.take(piece));
  // Ahead of the application: who shows the message no longer finds its stream.
  events.on('event', (event) => {
    if (event.type === 'message.created') reader.committed(event.message);
    if (event.type === 'conversation.deleted') reader.forget(event.conversation_id);
  });
  events.on('reset', () => reader.forget());
  session.signal.addEventListener('abort', () => reader.close());
  return reader;
}
