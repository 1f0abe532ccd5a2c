import type { CloseCode, Event } from '@agent-messenger/contracts';
import type { OpenSpan, Tracing } from '@agent-messenger/service-kit';
import type { GatewayMetrics } from '../metrics';

/** Events of one connection that the relay has brought and that are not written yet; of more, traces end in the relay. */
const AWAITED = 1_000;

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

  deliveries(connectionId: string): Deliveries {
    return new Deliveries(connectionId, this.options);
  }
}

/** Of one connection. */
class Deliveries {
  /** What was committed before is resumed, not delivered: how old it is says nothing about us. */
  private readonly since = Date.now();
  private readonly awaited = new Map<string, OpenSpan>();

  constructor(
    private readonly connectionId: string,
    private readonly options: TelemetryOptions,
  ) {}

  /** The relay has brought an event that is part of a trace; now, or after what is before it, it is written. */
  offered({ conversation_id, seq }: Event, parent: string): void {
    const { tracing } = this.options;
    if (!tracing) return;
    const attributes = {
      'messenger.connection_id': this.connectionId,
      'messenger.conversation_id': conversation_id,
      'messenger.seq': seq,
    };
    const span = tracing.start({ name: 'deliver', kind: 'consumer', parent, attributes });
    this.awaited.set(keyOf(conversation_id, seq), span);
    if (this.awaited.size <= AWAITED) return;
    const [oldest] = this.awaited.keys();
    if (oldest !== undefined) this.awaited.delete(oldest);
  }

  written({ conversation_id, seq, at }: Event): void {
    const { delivered, deliverySeconds } = this.options.metrics;
    delivered.inc();
    const committed = Date.parse(at);
    if (committed >= this.since) {
      deliverySeconds.observe(Math.max(0, Date.now() - committed) / 1_000);
    }
    if (this.awaited.size === 0) return;
    const key = keyOf(conversation_id, seq);
    this.awaited.get(key)?.end();
    this.awaited.delete(key);
  }
}

function keyOf(conversationId: string, seq: number): string {
  return `${conversationId} ${seq}`;
}
