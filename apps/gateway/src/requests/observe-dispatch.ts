import type { RequestName } from '@agent-messenger/contracts';
import { requests } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Tracing } from '@agent-messenger/service-kit';
import type { Dispatch } from './dispatch';
import type { GatewayMetrics } from '../metrics';
import { isRequest } from '../limits/request-limits';

interface ObserveOptions {
  metrics: Pick<GatewayMetrics, 'requestSeconds' | 'refusedRequests'>;
  tracing: Tracing | undefined;
}

/** Measures and traces what connections ask. A trace begins here: what peers say about theirs is not trusted. */
export function observeDispatch(
  dispatch: Dispatch,
  { metrics, tracing }: ObserveOptions,
): Dispatch {
  const carryOut = tracing ? traceRequests(dispatch, tracing) : dispatch;
  return async (connection, name, ...asked) => {
    const from = performance.now();
    const answer = await carryOut(connection, name, ...asked);
    // A name that a peer made up is no label.
    const event = isRequest(name) ? name : 'unknown';
    metrics.requestSeconds.observe({ event }, (performance.now() - from) / 1_000);
    if (!answer.ok) metrics.refusedRequests.inc({ event, code: answer.error.code });
    return answer;
  };
}

/** Those without an answer, `received` above all, come too often and tell too little. */
function isTraced(name: string): name is RequestName {
  return isRequest(name) && requests[name].ack !== null;
}

function traceRequests(dispatch: Dispatch, tracing: Tracing): Dispatch {
  return (connection, name, ...asked) => {
    if (!isTraced(name)) return dispatch(connection, name, ...asked);
    const attributes = {
      'messenger.connection_id': connection.id,
      'messenger.identity_id': connection.identity.id,
    };
    return tracing.run({ name, kind: 'server', attributes }, async (span) => {
      const answer = await dispatch(connection, name, ...asked);
      if (!answer.ok) span.fail(AppError.fromWire(answer.error));
      return answer;
    });
  };
}
