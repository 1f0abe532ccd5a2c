import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Milliseconds. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Latencies of one phase at a time, in microseconds with three significant digits. */
export class Latencies {
  private readonly acks = createHistogram();
  private readonly deliveries = createHistogram();

  ack(ms: number): void {
    record(this.acks, ms);
  }

  delivery(ms: number): void {
    record(this.deliveries, ms);
  }

  reset(): void {
    this.acks.reset();
    this.deliveries.reset();
  }

  get ackMs(): Percentiles {
    return percentiles(this.acks);
  }
  get deliveryMs(): Percentiles {
    return percentiles(this.deliveries);
  }
}

function record(histogram: RecordableHistogram, ms: number): void {
  // A histogram takes whole numbers from 1 on.
  histogram.record(Math.max(1, Math.round(ms * 1_000)));
}

function percentiles(histogram: RecordableHistogram): Percentiles {
  const of = (percentile: number): number => histogram.percentile(percentile) / 1_000;
  return { p50: of(50), p95: of(95), p99: of(99) };
}
