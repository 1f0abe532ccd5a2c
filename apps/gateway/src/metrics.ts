import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';

export interface GatewayMetrics {
  connects: Counter<'outcome'>;
  delivered: Counter;
  batchSize: Histogram;
}

export function createMetrics(registry: Registry, connections: () => number): GatewayMetrics {
  const registers = [registry];
  new Gauge({
    name: 'gateway_connections',
    help: 'Live connections.',
    registers,
    collect() {
      this.set(connections());
    },
  });
  return {
    connects: new Counter({
      name: 'gateway_connects_total',
      help: 'Connection attempts by outcome: accepted or an error code.',
      labelNames: ['outcome'],
      registers,
    }),
    delivered: new Counter({
      name: 'gateway_events_written_total',
      help: 'Events of the log written to connections.',
      registers,
    }),
    batchSize: new Histogram({
      name: 'gateway_append_operations',
      help: 'Operations handed to the store in one append.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
      registers,
    }),
  };
}
