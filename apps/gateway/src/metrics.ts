import { closeCodeSchema } from '@agent-messenger/contracts';
import { beginAtZero } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';

export type GatewayMetrics = ReturnType<typeof createMetrics>;

/** What is measured when it is asked for. */
interface Sources {
  connections(): number;
  waitingOperations(): number;
  streams(): number;
}

const NOTHING: Sources = {
  connections: () => 0,
  waitingOperations: () => 0,
  streams: () => 0,
};

/** From a loopback to what a client takes for hanging, s. */
const LATENCIES = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(registry: Registry, sources = NOTHING) {
  const registers = [registry];
  new Gauge({
    name: 'gateway_connections',
    help: 'Live connections.',
    registers,
    collect() {
      this.set(sources.connections());
    },
  });
  new Gauge({
    name: 'gateway_append_waiting_operations',
    help: 'Operations that wait for the append in flight to be answered.',
    registers,
    collect() {
      this.set(sources.waitingOperations());
    },
  });
  return {
    ...connectionMetrics(registry),
    ...leaseMetrics(registry),
    ...messageMetrics(registry),
    streams: streamMetrics(registry, sources.streams),
    auditDropped: new Counter({
      name: 'gateway_audit_dropped_total',
      help: 'Wrong admin keys that are missing in the audit log because too many came at once.',
      registers,
    }),
    exceeded: new Counter({
      name: 'gateway_rate_limited_total',
      help: 'Requests refused by a rate limit, by the name of the limit.',
      labelNames: ['limit'],
      registers,
    }),
  };
}

function connectionMetrics(registry: Registry) {
  const registers = [registry];
  return {
    connects: new Counter({
      name: 'gateway_connects_total',
      help: 'Connection attempts by outcome: accepted or an error code.',
      labelNames: ['outcome'],
      registers,
    }),
    closes: beginAtZero(
      new Counter({
        name: 'gateway_closes_total',
        help: 'Connections that ended, by the code with which the gateway closed them: `replaced` is a take-over, `lease_lost` a lost lease, `slow_consumer` a peer that did not read; `peer` closed by itself.',
        labelNames: ['code'],
        registers,
      }),
      'code',
      [...closeCodeSchema.options, 'peer'],
    ),
    resumeEvents: new Histogram({
      name: 'gateway_resume_events',
      help: 'Undelivered events written to a connection between `connected` and `synced`.',
      buckets: [0, 1, 10, 100, 1_000, 10_000, 100_000],
      registers,
    }),
    resumeSeconds: new Histogram({
      name: 'gateway_resume_seconds',
      help: 'Time from `connected` to `synced`.',
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120],
      registers,
    }),
  };
}

function leaseMetrics(registry: Registry) {
  const registers = [registry];
  return {
    renewalFailures: new Counter({
      name: 'gateway_lease_renewal_failures_total',
      help: 'Renewals, of up to 200 leases each, that Redis did not carry out; after a lease without renewal connections close as `lease_lost`.',
      registers,
    }),
    leasesRewritten: new Counter({
      name: 'gateway_leases_rewritten_total',
      help: 'Leases that had vanished from Redis and were written again.',
      registers,
    }),
    channelGaps: new Counter({
      name: 'gateway_channel_gaps_total',
      help: 'Times that the subscription to the relay was renewed after it was lost: all connections read the log then.',
      registers,
    }),
  };
}

function streamMetrics(registry: Registry, open: () => number) {
  const registers = [registry];
  new Gauge({
    name: 'gateway_streams',
    help: 'Answers that agents connected here are writing.',
    registers,
    collect() {
      this.set(open());
    },
  });
  return {
    starts: new Counter({
      name: 'gateway_stream_starts_total',
      help: 'Starts of streams: `new`, `restarted` from the beginning, or `open` before and taken up again.',
      labelNames: ['kind'],
      registers,
    }),
    appends: new Counter({
      name: 'gateway_stream_appends_total',
      help: 'Pieces of text handed to Redis, by outcome: `ok`, or why not (`gap`, `gone`, `superseded`, `full`). What an agent sends within 50 ms is one piece.',
      labelNames: ['outcome'],
      registers,
    }),
    ends: beginAtZero(
      new Counter({
        name: 'gateway_stream_ends_total',
        help: 'Streams that ended: `end` and `fail` by their agent, `interrupt` by a deadline, `none` without a message, `duplicate` a repeated end.',
        labelNames: ['outcome'],
        registers,
      }),
      'outcome',
      ['end', 'fail', 'interrupt', 'none', 'duplicate'],
    ),
    snapshots: new Counter({
      name: 'gateway_stream_snapshots_total',
      help: 'Texts that were read from Redis for a reader that came late, was slow or missed a piece.',
      registers,
    }),
    stops: new Counter({
      name: 'gateway_stream_stops_total',
      help: 'Streams that people have asked to stop.',
      registers,
    }),
  };
}

function messageMetrics(registry: Registry) {
  const registers = [registry];
  return {
    requestSeconds: new Histogram({
      name: 'gateway_request_seconds',
      help: 'Time from a socket request to its ack, by request: that of `message:send` is the ack latency. `unknown` stands for names that are not in the protocol.',
      labelNames: ['event'],
      buckets: LATENCIES,
      registers,
    }),
    refusedRequests: new Counter({
      name: 'gateway_requests_refused_total',
      help: 'Socket requests that were answered with an error, by request and code.',
      labelNames: ['event', 'code'],
      registers,
    }),
    delivered: new Counter({
      name: 'gateway_events_written_total',
      help: 'Events of the log written to connections.',
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'gateway_delivery_seconds',
      help: 'Time from the commit of an event to its being written to a socket, for connections that were there at the commit. By the clocks of two machines.',
      buckets: LATENCIES,
      registers,
    }),
    batchSize: new Histogram({
      name: 'gateway_append_operations',
      help: 'Operations handed to the store in one append.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
      registers,
    }),
    appendSeconds: new Histogram({
      name: 'gateway_append_seconds',
      help: 'Time from handing an append to the store to its answer, failed ones included.',
      buckets: LATENCIES,
      registers,
    }),
  };
}
