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
import type { Connection } from '../connections/connection';
import { fitAnswer } from '../compact/fit-frame';
import { PageAck } from '../compact/page-ack';
import type { RateLimits } from '../limits/rate-limits';
import { enforce } from '../limits/allowance';
import { budgetOfRequest, costOf, isRequest } from '../limits/request-limits';

/** A connection that has more than this unsent when it asks for something is not reading. */
const ABANDONED_BYTES = 8 * 1024 * 1024;

/** Nobody hears it: what a peer had sent when its connection was closed is not looked at. */
const ENDED: Ack<RequestName> = {
  ok: false,
  error: { code: 'unavailable', message: 'The connection has ended' },
};

/** `isAwaited`: the peer asked for an answer. */
export type RequestHandler<N extends RequestName> = (
  connection: Connection,
  payload: RequestPayload<N>,
  isAwaited: boolean,
) => Promise<RequestAck<N> | PageAck> | RequestAck<N>;

/** One handler per request of the catalogue; a missing one does not compile. */
export type RequestHandlers = { [N in RequestName]: RequestHandler<N> };

export type Dispatch = (
  connection: Connection,
  name: string,
  payload: unknown,
  isAwaited?: boolean,
) => Promise<Ack<RequestName> | PageAck>;

/**
 * The one place that counts and parses what a connection asks and turns failures into acks. Handlers see only parsed
 * payloads. Up to the handler's own first await the only wait is for the connection's turn: requests of a connection
 * start in the order in which they came.
 */
export function createDispatch(
  handlers: RequestHandlers,
  limits: Pick<RateLimits, 'sockets' | 'refusals'>,
  log: Logger,
): Dispatch {
  /**
   * A peer that goes on asking beyond its budgets, and does not wait as it is told, costs more than its connection is
   * worth.
   */
  async function noteRefusal(connection: Connection): Promise<void> {
    const { isExceeded, resetMs } = await limits.refusals.count(connection.id);
    if (isExceeded) connection.close('rate_limited', resetMs);
  }

  return async (connection, name, payload, isAwaited = false) => {
    if (connection.isClosed) return ENDED;
    connection.pendingRequests += 1;
    try {
      if (connection.live.bufferedBytes() > ABANDONED_BYTES) {
        connection.close('slow_consumer');
        throw new AppError('unavailable', 'This connection asks and does not read');
      }
      if (connection.pendingRequests > LIMITS.pendingRequests) {
        throw new AppError('rate_limited', 'Too many unanswered requests', { retryAfterMs: 1_000 });
      }
      const turn = connection.turns.next();
      if (turn) await turn;
      if (connection.isClosed) return ENDED;
      const { identity, live } = connection;
      enforce(limits.sockets.count(budgetOfRequest(name), identity, live.ip));
      if (!isRequest(name)) throw new AppError('not_found', 'There is no such event');
      const request: RequestContract = requests[name];
      if (!request.from.includes(identity.kind)) {
        throw new AppError('forbidden', `${name} is not for ${identity.kind}s`);
      }
      const handler = handlers[name] as RequestHandler<RequestName>;
      const parsed = request.payload.parse(payload) as object;
      const answer = await handler(connection, parsed as never, isAwaited);
      limits.sockets.charge(budgetOfRequest(name), identity, costOf(name, parsed, answer));
      const ack =
        answer instanceof PageAck ? answer : ({ ok: true, ...answer } as Ack<RequestName>);
      const { maxFrameBytes } = connection;
      return maxFrameBytes === undefined ? ack : fitAnswer(ack, maxFrameBytes);
    } catch (error) {
      // The store knows of a newer connection before the eviction has come, or when it was lost.
      if (error instanceof AppError && error.code === 'replaced') connection.close('replaced');
      if (error instanceof AppError && error.code === 'rate_limited') await noteRefusal(connection);
      return {
        ok: false,
        error: toWireError(error, log, {
          event: isRequest(name) ? name : 'unknown',
          connection_id: connection.id,
        }),
      };
    } finally {
      connection.pendingRequests -= 1;
    }
  };
}
