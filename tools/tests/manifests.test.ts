import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { configSchemaOf, describedMetrics } from '../src/docs/generated-docs';
import type { Break } from './manifests/broken/break-manifest';
import {
  brokenFields,
  brokenManifests,
  brokenPolicies,
  brokenReplicas,
} from './manifests/broken/broken-manifests';
import { expectedEdges, outsiders } from './manifests/expected-edges';
import { ofKind, SERVICES, titleOf, type Manifest } from './manifests/manifest';
import { networkEdges } from './manifests/network-edges';
import { kubectlProblem, renderKustomization, type Rendered } from './manifests/render';
import { createRules, type RuleName } from './manifests/rules';
import { schemaProblems } from './manifests/schema-problems';

const root = join(__dirname, '..', '..');
const overlays = join(root, 'k8s', 'overlays');
const jobs = join(root, 'k8s', 'jobs');
const problem = kubectlProblem();
if (problem)
  process.stderr.write(`\n*** The manifests of k8s/ are NOT CHECKED: ${problem}. ***\n\n`);

(problem ? describe.skip : describe)(`k8s/${problem ? `: ${problem}` : ''}`, () => {
  const schemas = Object.fromEntries(SERVICES.map((name) => [name, configSchemaOf(root, name)]));
  const rules = createRules(schemas, describedMetrics(root));
  const rendered = new Map<string, Rendered>();
  const render = (overlay: string) => {
    const known = rendered.get(overlay) ?? renderKustomization(join(overlays, overlay));
    rendered.set(overlay, known);
    return known;
  };

  it('has these overlays', () => {
    expect(readdirSync(overlays).sort()).toEqual(Object.keys(expectedEdges).sort());
  });

  describe.each(Object.entries(expectedEdges))('overlay %s', (overlay, edges) => {
    it('is rendered without warnings', () => {
      const { manifests, warnings } = render(overlay);
      expect(warnings).toBe('');
      expect(manifests.length).toBeGreaterThan(20);
    });

    it('fits the schemas of Kubernetes', () => {
      const problems = render(overlay).manifests.flatMap((manifest) =>
        schemaProblems(manifest).map((problem) => `${titleOf(manifest)}: ${problem}`),
      );
      expect(problems).toEqual([]);
    });

    it.each(Object.entries(rules))('keeps the rule %s', (_name, rule) => {
      expect(rule(render(overlay).manifests)).toEqual([]);
    });

    it('allows the connections of the architecture and no others', () => {
      expect(networkEdges(render(overlay).manifests, outsiders)).toEqual(edges);
    });

    it('runs all services', () => {
      const deployed = ['Deployment', 'StatefulSet'] as const;
      const names = deployed.flatMap((kind) =>
        ofKind(render(overlay).manifests, kind).map(({ metadata }) => metadata?.name),
      );
      expect(names).toEqual(expect.arrayContaining(SERVICES));
    });
  });

  // Applied by hand, when they are needed.
  describe.each(readdirSync(jobs))('job %s', (file) => {
    const job = parse(readFileSync(join(jobs, file), 'utf8')) as Manifest;

    it('fits the schemas of Kubernetes', () => {
      expect(schemaProblems(job)).toEqual([]);
    });

    it.each(Object.entries(rules))('keeps the rule %s', (_name, rule) => {
      expect(rule([...render('production').manifests, job])).toEqual([]);
    });
  });

  describe('what is broken is found', () => {
    const broken = (break_: Break) => {
      const { manifests } = structuredClone(render('complete'));
      break_(manifests);
      return manifests;
    };

    describe.each(Object.entries(rules))('by the rule %s', (name, rule) => {
      it.each(brokenManifests[name as RuleName])('%s', (_what, break_, says) => {
        expect(rule(broken(break_))).toContainEqual(expect.stringContaining(says));
      });
    });

    it.each(brokenReplicas)('in the overlay postgres: %s', (_what, break_, says) => {
      const { manifests } = structuredClone(render('postgres'));
      break_(manifests);
      expect(rules.oneStore(manifests)).toContainEqual(expect.stringContaining(says));
    });

    it.each(brokenFields)('by the schema: %s', (_what, break_, says) => {
      const problems = broken(break_).flatMap((manifest) => schemaProblems(manifest));
      expect(problems).toContainEqual(expect.stringContaining(says));
    });

    it.each(brokenPolicies)('by the connections: %s', (_what, break_, edge) => {
      const edges = networkEdges(broken(break_), outsiders);
      expect(edges.includes(edge)).toBe(!expectedEdges.complete.includes(edge));
    });
  });

  it('brings gateways the metrics by which they scale', () => {
    const adapter = readFileSync(join(root, 'k8s/cluster/prometheus-adapter.yaml'), 'utf8');
    const wanted = ofKind(render('production').manifests, 'HorizontalPodAutoscaler').flatMap(
      ({ spec }) => spec?.metrics?.flatMap(({ pods }) => pods?.metric.name ?? []) ?? [],
    );
    expect(wanted).toContain('gateway_connections');
    for (const name of wanted) expect(adapter).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

it('lets the ingress controller log neither query strings nor what led to a page', () => {
  const values = readFileSync(join(root, 'k8s/cluster/ingress-nginx.yaml'), 'utf8');
  const { config } = parse(values).controller as { config: Record<string, string> };
  const variables = config['log-format-upstream']?.match(/\$\w+/g) ?? [];
  expect(variables).toContain('$uri');
  for (const name of ['request', 'request_uri', 'args', 'query_string', 'http_referer']) {
    expect(variables).not.toContain(`$${name}`);
  }
  // Its lines show the whole request, in no format of ours.
  expect(config['error-log-level']).toBe('emerg');
});
