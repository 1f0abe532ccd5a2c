import type { JsonSchema } from '@agent-messenger/contracts';
import { asyncApiDocument } from '@agent-messenger/contracts';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { configurationPage } from './configuration';
import { protocolPage } from './protocol';

const SERVICES = ['gateway', 'auth', 'messages', 'push-worker'];

/** The generated files, by their path from the root, as they should be. Asks the built services for their variables. */
export function generatedDocs(root: string): Record<string, string> {
  const configs = SERVICES.map((service) => ({ service, schema: configSchemaOf(root, service) }));
  return {
    'docs/protocol.md': protocolPage(),
    'docs/asyncapi.json': `${JSON.stringify(asyncApiDocument(), null, 2)}\n`,
    'docs/configuration.md': configurationPage(configs),
  };
}

function configSchemaOf(root: string, service: string): JsonSchema {
  const entry = join(root, 'apps', service, 'dist', 'main.js');
  const output = execFileSync(process.execPath, [entry, '--config-schema'], { encoding: 'utf8' });
  return JSON.parse(output) as JsonSchema;
}
