import { routes } from '@agent-messenger/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { commands } from '../../src/admin/commands';
import { configSchemaOf, describedMetrics } from '../../src/docs/generated-docs';

/** What pages can speak of. */
export interface Repository {
  root: string;
  scripts: string[];
  /** Of `npm run admin`, with their options. */
  adminCommands: Map<string, Set<string>>;
  composeServices: string[];
  /** Objects of the manifests: `deployment/gateway`. */
  objects: Set<string>;
  metrics: Set<string>;
  /** Of the services, and of compose. */
  variables: Set<string>;
  /** `GET /admin/audit`. */
  routes: Set<string>;
  /** All of the services' code. */
  sources: string;
}

/** Of every admin command. */
const SHARED_OPTIONS = ['--url', '--data-dir', '--json', '--help'];
const INTERNAL_ROUTES = ['GET /livez', 'GET /readyz', 'GET /metrics'];
const SERVICES = ['gateway', 'auth', 'messages', 'push-worker'];

export function readRepository(root: string): Repository {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const under = (folder: string, end: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith(end))
      .map((file) => read(join(folder, file)));
  const compose = ['docker-compose', 'docker-compose.scale', 'docker-compose.postgres'].map(
    (name) => read(`${name}.yml`),
  );
  const metrics = describedMetrics(root).flatMap((service) => service.metrics);
  return {
    root,
    scripts: Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts),
    adminCommands: new Map(
      Object.entries(commands).map(([name, { usage }]) => [
        name,
        new Set([...SHARED_OPTIONS, ...(usage.match(/--[a-z-]+/g) ?? [])]),
      ]),
    ),
    composeServices: compose.flatMap((text) => {
      const { services } = parse(text, { merge: true }) as { services: object };
      return Object.keys(services);
    }),
    objects: new Set(under('k8s', '.yaml').flatMap(objectsOf)),
    metrics: new Set(metrics.map(({ name }) => name)),
    variables: new Set([
      ...SERVICES.flatMap((service) => Object.keys(configSchemaOf(root, service).properties ?? {})),
      ...[...compose, read('deploy/secrets.sh')].flatMap(
        (text) => text.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? [],
      ),
    ]),
    routes: new Set([
      ...INTERNAL_ROUTES,
      ...Object.values(routes).map(({ method, path }) => `${method.toUpperCase()} ${path}`),
    ]),
    sources: [...SERVICES.map((service) => `apps/${service}/src`), 'libs/service-kit/src']
      .flatMap((folder) => under(folder, '.ts'))
      .join('\n'),
  };
}

function objectsOf(manifest: string): string[] {
  return parseAllDocuments(manifest).flatMap((document) => {
    const { kind, metadata } = (document.toJS() ?? {}) as {
      kind?: string;
      metadata?: { name?: string };
    };
    return kind && metadata?.name ? [`${kind.toLowerCase()}/${metadata.name}`] : [];
  });
}
