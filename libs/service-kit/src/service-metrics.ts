import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type Metric,
  Registry,
} from 'prom-client';
import { clockMetrics } from './watch-clock';

/** The registry of a service process, with all that services have in common already in it. */
export function createRegistry(service: string, version: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'build_info',
    help: 'Always 1; which service and version runs.',
    labelNames: ['service', 'version'],
    registers: [registry],
  }).set({ service, version }, 1);
  errorCounter(registry);
  requestSeconds(registry);
  readinessMetrics(registry);
  clockMetrics(registry);
  return registry;
}

export function errorCounter(registry: Registry): Counter {
  return once(registry, 'log_errors_total', (name) => {
    return new Counter({
      name,
      help: 'Lines logged as `error` or `fatal`: someone must act.',
      registers: [registry],
    });
  });
}

export function requestSeconds(registry: Registry): Histogram<'route' | 'status'> {
  return once(registry, 'http_request_seconds', (name) => {
    return new Histogram({
      name,
      help: 'Time from the head of an HTTP request to the end of its answer, by route template and status class; probes are not counted.',
      labelNames: ['route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    });
  });
}

export interface ReadinessMetrics {
  ready: Gauge;
  dependencyUp: Gauge<'dependency'>;
  dependencySeconds: Gauge<'dependency'>;
}

export function readinessMetrics(registry: Registry): ReadinessMetrics {
  const registers = [registry];
  return {
    ready: once(registry, 'service_ready', (name) => {
      const help = '1 from the end of the start until SIGTERM, else 0.';
      return new Gauge({ name, help, registers });
    }),
    dependencyUp: once(registry, 'dependency_up', (name) => {
      const help = '1 when a dependency answers within 2 s; asked at each scrape.';
      return new Gauge({ name, help, labelNames: ['dependency'], registers });
    }),
    dependencySeconds: once(registry, 'dependency_seconds', (name) => {
      const help = 'How long a dependency took to answer at the last scrape at which it did.';
      return new Gauge({ name, help, labelNames: ['dependency'], registers });
    }),
  };
}

/** A registry takes each name once, and these are asked for in several places. */
function once<M extends Metric>(registry: Registry, name: string, create: (name: string) => M): M {
  return (registry.getSingleMetric(name) as M | undefined) ?? create(name);
}

/**
 * Begins the counter's series for these values of its label. To Prometheus a series that appears has not increased:
 * what an alert waits for would be missed when it happens for the first time.
 */
export function beginAtZero<L extends string>(
  counter: Counter<L>,
  label: L,
  values: readonly string[],
): Counter<L> {
  for (const value of values) counter.inc({ [label]: value } as Record<L, string>, 0);
  return counter;
}
