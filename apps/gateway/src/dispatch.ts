import type {
  Ack,
  RequestAck,
  RequestContract,
  RequestName,
  RequestPayload,
} from '@agent-messenger/contracts';
import { LIMITS, requests } from '@agent-messenger/contracts';
import { AppError, toWireError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Connection } from './connections/connection';

/** A connection that has more than this unsent when it asks for something is not reading. */
const ABANDONED_BYTES = 8 * 1024 * 1024;

export type RequestHandler<N extends RequestName> = (
  connection: Connection,
  payload: RequestPayload<N>,
) => Promise<RequestAck<N>> | RequestAck<N>;

/** One handler per request of the catalogue; a missing one does not compile. */
export type RequestHandlers = { [N in RequestName]: RequestHandler<N> };

export type Dispatch = (
  connection: Connection,
  name: string,
  payload: unknown,
) => Promise<Ack<RequestName>>;

/**
 * The one place that parses what a connection asks and turns failures into acks. Handlers see only parsed payloads.
 * Up to the handler's own first await everything is synchronous: requests of a connection start in the order in which
 * they came.
 */
export function createDispatch(handlers: RequestHandlers, log: Logger): Dispatch {
  return async (connection, name, payload) => {
    connection.pendingRequests += 1;
    try {
      if (connection.live.bufferedBytes() > ABANDONED_BYTES) {
        connection.close('slow_consumer');
        throw new AppError('unavailable', 'This connection asks and does not read');
      }
      if (connection.pendingRequests > LIMITS.pendingRequests) {
        throw new AppError('rate_limited', 'Too many unanswered requests', { retryAfterMs: 1_000 });
      }
      if (!isRequest(name)) throw new AppError('not_found', 'There is no such event');
      const request: RequestContract = requests[name];
      if (!request.from.includes(connection.identity.kind)) {
        throw new AppError('forbidden', `${name} is not for ${connection.identity.kind}s`);
      }
      const handler = handlers[name] as RequestHandler<RequestName>;
      const answer = await handler(connection, request.payload.parse(payload) as never);
      return { ok: true, ...answer } as Ack<RequestName>;
    } catch (error) {
      // The store knows of a newer connection before the eviction has come, or when it was lost.
      if (error instanceof AppError && error.code === 'replaced') connection.close('replaced');
      return {
        ok: false,
        error: toWireError(error, log.child({ event: isRequest(name) ? name : 'unknown' })),
      };
    } finally {
      connection.pendingRequests -= 1;
    }
  };
}

function isRequest(name: string): name is RequestName {
  return Object.hasOwn(requests, name);
}
