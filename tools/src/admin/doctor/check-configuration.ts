import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './check';
import { fail, ok } from './check';

/** In a checkout, and in the image of messages, where this command is beside it. */
const entriesOf = (service: string, here: string): string[] => [
  join(here, '..', '..', 'apps', service, 'dist', 'main.js'),
  ...(service === 'messages' ? [join(here, 'main.js')] : []),
];

/** Lets the service itself judge its variables: the schema is its own. */
export function checkConfiguration(
  service: string,
  env: Record<string, string | undefined>,
  here: string,
): Finding[] {
  const what = `configuration of ${service}`;
  const entry = entriesOf(service, here).find((file) => existsSync(file));
  if (!entry)
    return [fail(what, 'this is no service that is here', 'run it where the service runs')];
  const { status, stderr } = spawnSync(process.execPath, [entry, '--check-config'], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (status === 0) return [ok(what, 'complete')];
  const problems = stderr.split('\n').filter((line) => line.startsWith('  '));
  return (problems.length > 0 ? problems : [stderr.trim() || 'it does not say']).map((problem) =>
    fail(what, problem.trim(), 'see docs/configuration.md'),
  );
}
