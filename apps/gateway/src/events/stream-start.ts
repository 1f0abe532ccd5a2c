import type { RequestHandler } from '../requests/dispatch';
import type { AgentStreams } from '../streams/agent-streams';

export function streamStart(streams: AgentStreams): RequestHandler<'stream:start'> {
  return (connection, start) => streams.start(connection, start);
}
