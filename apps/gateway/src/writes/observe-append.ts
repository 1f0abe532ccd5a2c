import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { Tracing } from '@agent-messenger/service-kit';
import type { Histogram } from 'prom-client';

type Append = Client<typeof messagesCalls>['append'];

interface ObserveOptions {
  seconds: Histogram;
  tracing: Tracing | undefined;
}

/** Measures appends, and keeps them out of the trace of the request that happens to have started a batch. */
export function observeAppend(append: Append, { seconds, tracing }: ObserveOptions): Append {
  return async (request) => {
    const stop = seconds.startTimer();
    try {
      return await (tracing ? tracing.detached(() => append(request)) : append(request));
    } finally {
      stop();
    }
  };
}
