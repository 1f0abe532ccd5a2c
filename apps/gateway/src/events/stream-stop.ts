import type { RequestHandler } from '../requests/dispatch';
import type { ReadStreams } from '../streams/read-streams';

export function streamStop(streams: ReadStreams): RequestHandler<'stream:stop'> {
  return async ({ identity }, which) => {
    await streams.stop(identity.id, which);
    return {};
  };
}
