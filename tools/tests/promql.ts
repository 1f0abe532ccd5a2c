import type { MetricDescription } from '@agent-messenger/service-kit';
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** Every series that Prometheus has of the services: its labels, and the services that it is from. */
export type Series = Map<string, { labels: Set<string>; services: Set<string> }>;

/** What Prometheus and the cluster add to each. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod'];

export function seriesOf(services: { service: string; metrics: MetricDescription[] }[]): Series {
  const series: Series = new Map();
  const add = (name: string, labels: string[], service: string) => {
    const known = series.get(name) ?? { labels: new Set(TARGET_LABELS), services: new Set() };
    for (const label of labels) known.labels.add(label);
    series.set(name, { ...known, services: known.services.add(service) });
  };
  for (const { service, metrics } of services) {
    add('up', [], service);
    for (const { name, type, labels } of metrics) {
      if (type === 'histogram') {
        add(`${name}_bucket`, [...labels, 'le'], service);
        add(`${name}_sum`, labels, service);
        add(`${name}_count`, labels, service);
      } else if (type === 'summary') {
        add(name, [...labels, 'quantile'], service);
        add(`${name}_sum`, labels, service);
        add(`${name}_count`, labels, service);
      } else {
        add(name, labels, service);
      }
    }
  }
  return series;
}

/** The values that a label can have, of those that have a fixed set of them. */
export type LabelValues = Record<string, readonly string[]>;

/** What is wrong with an expression, and the labels that its result has. */
export function checkExpression(
  text: string,
  { series, values }: { series: Series; values: LabelValues },
): { problems: string[]; labels: Set<string> } {
  const problems: string[] = [];
  const source = (node: SyntaxNode | null) => (node ? text.slice(node.from, node.to) : '');

  function labelsOf(node: SyntaxNode | null): Set<string> {
    if (!node) return new Set();
    if (node.type.isError) problems.push(`does not parse at "${text.slice(node.from)}"`);
    if (node.name === 'VectorSelector') return selector(node);
    if (node.name === 'AggregateExpr') return aggregate(node);
    const children = childrenOf(node).map(labelsOf);
    if (node.name === 'FunctionCall' && source(node).startsWith('histogram_quantile')) {
      return new Set(children.flatMap((labels) => [...labels]).filter((label) => label !== 'le'));
    }
    return children.find(({ size }) => size > 0) ?? new Set();
  }

  function aggregate(node: SyntaxNode): Set<string> {
    const body = labelsOf(node.getChild('FunctionCallBody'));
    const grouping = node.getChild('AggregateModifier')?.getChild('GroupingLabels') ?? null;
    const by = grouping ? grouping.getChildren('LabelName').map(source) : [];
    for (const label of by) {
      if (!body.has(label)) problems.push(`groups by ${label}, which is no label of what it sums`);
    }
    return new Set(by);
  }

  function selector(node: SyntaxNode): Set<string> {
    const name = source(node.getChild('Identifier'));
    const known = series.get(name);
    if (!known) {
      problems.push(`there is no metric ${name}`);
      return new Set();
    }
    const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
    for (const matcher of matchers) {
      const label = source(matcher.getChild('LabelName'));
      const wanted = source(matcher.getChild('StringLiteral')).slice(1, -1).split('|');
      if (!known.labels.has(label)) problems.push(`${name} has no label ${label}`);
      const possible = label === 'job' ? [...known.services] : values[label];
      for (const value of wanted) {
        const isVariable = value.startsWith('$');
        if (possible && !isVariable && !possible.includes(value)) {
          problems.push(`${name} never has ${label}="${value}"`);
        }
      }
    }
    return known.labels;
  }

  const labels = labelsOf(parser.parse(text).topNode);
  return { problems, labels };
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}
