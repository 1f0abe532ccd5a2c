import type { RequestHandler } from '../requests/dispatch';
import type { FinishStreams } from '../streams/finish-stream';

/** Answered after the commit. */
export function streamFail(streams: FinishStreams): RequestHandler<'stream:fail'> {
  return (connection, failure) => streams.fail(connection, failure);
}
