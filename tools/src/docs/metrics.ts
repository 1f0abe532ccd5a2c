import type { MetricDescription } from '@agent-messenger/service-kit';
import { GENERATED, table } from './markdown';

export interface ServiceMetrics {
  service: string;
  metrics: MetricDescription[];
}

/** Those are there on Linux alone; the page is the same wherever it is made. */
const ON_LINUX = [
  'process_heap_bytes',
  'process_max_fds',
  'process_open_fds',
  'process_virtual_memory_bytes',
];

/** Every metric of every service; those that all share are told once. */
export function metricsPage(services: ServiceMetrics[]): string {
  const [first, ...others] = services;
  const isShared = ({ name }: MetricDescription) =>
    others.every(({ metrics }) => metrics.some((one) => one.name === name));
  return [
    GENERATED,
    '# Metrics',
    introduction(),
    '## All services',
    metricTable(first?.metrics.filter(isShared) ?? []),
    `On Linux also ${ON_LINUX.map((name) => `\`${name}\``).join(', ')}.`,
    ...services.flatMap(({ service, metrics }) => [
      `## ${service}`,
      metricTable(metrics.filter((metric) => !isShared(metric))),
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}

function introduction(): string {
  return [
    'Prometheus scrapes `GET /metrics` on the internal port (`INTERNAL_PORT`) of every process, without credentials. No label',
    'holds an id, a name or a path that somebody made up: routes are templates, outcomes are codes. Times are in seconds.',
    '',
    'A gateway scales by `gateway_connections` and by `nodejs_eventloop_lag_p99_seconds`, the 99th percentile of the event',
    'loop’s delay since the last scrape, which is about 0.011 at rest: the timer that measures it fires every 10 ms.',
    '',
    'The files in [deploy/monitoring](../deploy/monitoring) are made of these: `alerts.yml` for Prometheus, `dashboard.json` for',
    'Grafana. They expect the `job` of a target to be the name of its service: `gateway`, `auth`, `messages`, `push-worker`.',
  ].join('\n');
}

function metricTable(metrics: MetricDescription[]): string {
  const rows = metrics
    .filter(({ name }) => !ON_LINUX.includes(name))
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help.replace(/\.?$/, '.'),
    ]);
  return table(['Metric', 'Type', 'Labels', ''], rows);
}
