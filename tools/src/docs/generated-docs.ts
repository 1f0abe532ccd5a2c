import type { JsonSchema } from '@agent-messenger/contracts';
import { asyncApiDocument } from '@agent-messenger/contracts';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { MetricDescription } from '@agent-messenger/service-kit';
import { configurationPage } from './configuration';
import { metricsPage, type ServiceMetrics } from './metrics';
import { protocolPage } from './protocol';

const BENCHES = ['push', 'ratios', 'store', 'abuse', 'streams', 'web'];
const COMMANDS = [
  ...[['admin'], ['chat'], ['chaos'], ['bench']],
  ...BENCHES.map((kind) => ['bench', kind]),
];
const SERVICES = ['gateway', 'auth', 'messages', 'push-worker'];

/** What each service measures, as its build says it. */
export function describedMetrics(root: string): ServiceMetrics[] {
  return SERVICES.map((service) => ({
    service,
    metrics: JSON.parse(ask(root, service, '--metrics')) as MetricDescription[],
  }));
}

/** The generated files, by their path from the root, as they should be. Asks the built services for their variables. */
export function generatedDocs(root: string): Record<string, string> {
  const configs = SERVICES.map((service) => ({ service, schema: configSchemaOf(root, service) }));
  return {
    'docs/protocol.md': protocolPage(),
    'docs/asyncapi.json': `${JSON.stringify(asyncApiDocument(), null, 2)}\n`,
    'docs/configuration.md': configurationPage(configs),
    'docs/metrics.md': metricsPage(describedMetrics(root)),
    ...Object.fromEntries(
      COMMANDS.map((command) => [`tools/help/${command.join('-')}.txt`, helpOf(root, command)]),
    ),
  };
}

/** What a command answers to `--help`; `tools/run.mjs` shows it where nothing is installed yet. */
function helpOf(root: string, [tool = '', ...kind]: string[]): string {
  const entry = join(root, 'tools', 'dist', `${tool}.js`);
  return execFileSync(process.execPath, [entry, ...kind, '--help'], { encoding: 'utf8' });
}

/** JSON Schema of the variables of a built service, as it prints it itself. */
export function configSchemaOf(root: string, service: string): JsonSchema {
  return JSON.parse(ask(root, service, '--config-schema')) as JsonSchema;
}

function ask(root: string, service: string, option: string): string {
  const entry = join(root, 'apps', service, 'dist', 'main.js');
  return execFileSync(process.execPath, [entry, option], { encoding: 'utf8' });
}
