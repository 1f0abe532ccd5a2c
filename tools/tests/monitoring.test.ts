import {
  closeCodeSchema,
  errorCodeSchema,
  PUSH_PLATFORMS,
  requests,
  type Operation,
} from '@agent-messenger/contracts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { describedMetrics } from '../src/docs/generated-docs';
import { checkExpression, seriesOf, type LabelValues } from './promql';

const root = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const described = describedMetrics(root);
const series = seriesOf(described);
const errors = errorCodeSchema.options;
const values: LabelValues = {
  code: [...errors, ...closeCodeSchema.options, 'peer'],
  dependency: ['auth', 'messages', 'queue', 'redis', 'store'],
  event: [...Object.keys(requests), 'unknown'],
  op: ['send', 'edit', 'delete', 'react', 'received', 'read'] satisfies Operation['op'][],
  outcome: ['ok', 'duplicate', 'accepted', 'retried', 'handed_over', ...errors],
  platform: PUSH_PLATFORMS,
  state: ['waiting', 'active', 'delayed', 'failed'],
  status: ['1xx', '2xx', '3xx', '4xx', '5xx'],
};
const check = (expression: string) => checkExpression(expression, { series, values });

const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Z][A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({ summary: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
});
const rules = rulesSchema
  .parse(parse(read('deploy/monitoring/alerts.yml')))
  .groups.flatMap((group) => group.rules);

describe('alert rules', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))('%s', (alert, rule) => {
    const { problems, labels } = check(rule.expr);
    expect(problems).toEqual([]);
    const used = [...rule.annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name);
    expect([...labels]).toEqual(expect.arrayContaining(used));
    expect(rule.annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  });

  test('each has a name of its own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

const targetSchema = z.object({ refId: z.string(), expr: z.string() });
const panelSchema = z.object({ title: z.string(), targets: z.array(targetSchema).optional() });
const dashboard = z
  .object({ panels: z.array(panelSchema) })
  .parse(JSON.parse(read('deploy/monitoring/dashboard.json')));

test.each(dashboard.panels.filter(({ targets }) => targets).map((panel) => [panel.title, panel]))(
  'dashboard: %s',
  (_title, { targets = [] }) => {
    for (const { expr } of targets) {
      // Grafana puts in how long a rate has to look back.
      expect(check(expr.replaceAll('$__rate_interval', '5m')).problems).toEqual([]);
    }
  },
);

test('the autoscalers ask for what there is', () => {
  const scaled = parse(read('k8s/components/keda/scaled-object.yaml')) as {
    spec: { triggers: { metadata: { query: string } }[] };
  };
  for (const { metadata } of scaled.spec.triggers) {
    expect(check(metadata.query).problems).toEqual([]);
  }
  const autoscaler = read('k8s/base/gateway/autoscaler.yaml');
  const asked = [...autoscaler.matchAll(/metric: \{ name: (\w+) \}/g)].map(([, name = '']) => name);
  expect(asked.length).toBeGreaterThan(0);
  for (const name of asked) expect(series.get(name)?.services).toContain('gateway');
});

test.each([
  ['sum(rate(gateway_connects_totl[5m]))', ['there is no metric gateway_connects_totl']],
  ['gateway_request_seconds{event="read"}', ['there is no metric gateway_request_seconds']],
  ['gateway_connects_total{reason="ok"}', ['gateway_connects_total has no label reason']],
  [
    'gateway_closes_total{code=~"replaced|lease_gone"}',
    ['gateway_closes_total never has code="lease_gone"'],
  ],
  [
    'messages_relay_lag_seconds{job="gateway"}',
    ['messages_relay_lag_seconds never has job="gateway"'],
  ],
  [
    'sum by (platform) (rate(push_sent_total[5m]))',
    ['groups by platform, which is no label of what it sums'],
  ],
  ['sum(rate(push_sent_total[5m])', ['does not parse at ""']],
])('%s is found out', (expression, problems) => {
  expect(check(expression).problems).toEqual(problems);
});

test('the labels of a result are known', () => {
  const labels = (expression: string) => [...check(expression).labels].sort();
  expect(labels('sum by (job, le) (rate(http_request_seconds_bucket[5m])) > 1')).toEqual([
    'job',
    'le',
  ]);
  expect(
    labels(
      'histogram_quantile(0.9, sum by (le, event) (rate(gateway_request_seconds_bucket[1m])))',
    ),
  ).toEqual(['event']);
  expect(labels('sum(gateway_connections)')).toEqual([]);
});
