import type { RequestHandler } from '../requests/dispatch';
import type { FinishStreams } from '../streams/finish-stream';

/** Answered after the commit. */
export function streamEnd(streams: FinishStreams): RequestHandler<'stream:end'> {
  return (connection, end) => streams.end(connection, end);
}
