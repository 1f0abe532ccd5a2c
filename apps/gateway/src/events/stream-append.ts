import type { RequestHandler } from '../requests/dispatch';
import type { AgentStreams } from '../streams/agent-streams';

export function streamAppend(streams: AgentStreams): RequestHandler<'stream:append'> {
  return async (connection, piece) => {
    await streams.append(connection, piece);
    return {};
  };
}
