import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What a metric is, for the documentation and for checks of rules and dashboards. */
export interface MetricDescription {
  name: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  help: string;
  labels: string[];
  /** Upper bounds, of a histogram. */
  buckets?: number[];
}

/** What prom-client's classes have besides what their types say. */
interface Described {
  name: string;
  help: string;
  labelNames: string[];
  upperBounds?: number[];
}

export function describeMetrics(registry: Registry): MetricDescription[] {
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help, labelNames, upperBounds } = metric as unknown as Described;
    const described = { name, help, labels: [...labelNames] };
    if (metric instanceof Counter) return { ...described, type: 'counter' };
    if (metric instanceof Gauge) return { ...described, type: 'gauge' };
    if (!(metric instanceof Histogram)) return { ...described, type: 'summary' };
    return { ...described, type: 'histogram', buckets: [...(upperBounds ?? [])] };
  });
}
