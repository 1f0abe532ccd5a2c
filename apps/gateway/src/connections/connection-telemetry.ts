import type { CloseCode, Event } from '@agent-messenger/contracts';
import type { Tracing } from '@agent-messenger/service-kit';
import type { GatewayMetrics } from '../metrics';
import type { Connection } from './connection';

interface TelemetryOptions {
  metrics: Pick<
    GatewayMetrics,
    'closes' | 'delivered' | 'deliverySeconds' | 'resumeEvents' | 'resumeSeconds'
  >;
  tracing: Tracing | undefined;
}

/** What is measured and traced of connections. */
export class ConnectionTelemetry {
  constructor(private readonly options: TelemetryOptions) {}

  /** @param code with which it was closed; `peer` closed by itself */
  closed(code: CloseCode | 'peer'): void {
    this.options.metrics.closes.inc({ code });
  }

  resumed({ events, ms }: { events: number; ms: number }): void {
    const { resumeEvents, resumeSeconds } = this.options.metrics;
    resumeEvents.observe(events);
    resumeSeconds.observe(ms / 1_000);
  }

  /** Live or from a page of the log. @param parent what brought it, when it is part of a trace */
  delivered(
    { id, since }: Pick<Connection, 'id' | 'since'>,
    { conversation_id, seq, at }: Event,
    parent: string | undefined,
  ): void {
    const { metrics, tracing } = this.options;
    metrics.delivered.inc();
    const committed = Date.parse(at);
    const tookMs = Date.now() - committed;
    // What was committed before is resumed, not delivered: how old it is says nothing about us. Below 0 the clocks
    // differ or one was set back: that is told as such, and is no duration.
    if (committed >= since && tookMs >= 0) metrics.deliverySeconds.observe(tookMs / 1_000);
    if (!tracing || parent === undefined) return;
    const attributes = {
      'messenger.connection_id': id,
      'messenger.conversation_id': conversation_id,
      'messenger.seq': seq,
    };
    tracing.start({ name: 'deliver', kind: 'consumer', parent, attributes }).end();
  }
}
