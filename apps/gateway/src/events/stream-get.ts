import type { RequestHandler } from '../requests/dispatch';
import type { ReadStreams } from '../streams/read-streams';

export function streamGet(streams: ReadStreams): RequestHandler<'stream:get'> {
  return (connection, which) => streams.get(connection, which);
}
