import { streamAppendSchema } from '@agent-messenger/contracts';
import type { Dispatch } from '../requests/dispatch';
import type { AgentStreams } from './agent-streams';

const which = streamAppendSchema.pick({ conversation_id: true, stream_id: true });

/** Appends have no ack: whatever one is refused for, its agent is told by `stream:state` with where to go on. */
export function reportRefusedAppends(dispatch: Dispatch, streams: AgentStreams): Dispatch {
  return async (connection, name, payload, isAwaited) => {
    const answer = await dispatch(connection, name, payload, isAwaited);
    if (answer.ok || name !== 'stream:append' || connection.identity.kind !== 'agent')
      return answer;
    const stream = which.safeParse(payload);
    if (!stream.success) return answer;
    const { code, retry_after_ms } = answer.error;
    connection.sendEphemeral('stream:state', {
      ...stream.data,
      offset: streams.offsetOf(connection, stream.data.stream_id),
      code,
      ...(retry_after_ms !== undefined && { retry_after_ms }),
    });
    return answer;
  };
}
