import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { ReadStreams } from '../streams/read-streams';

/** The socket's `stream:stop` over REST. */
export function stopStream(streams: ReadStreams): RouteHandler<'stopStream'> {
  return async ({ params, body }, caller) => {
    await streams.stop(identityOf(caller).id, { ...params, ...body });
    return { body: {} };
  };
}
