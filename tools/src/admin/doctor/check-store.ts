import { spawnSync } from 'node:child_process';
import { messagesProgram } from '../messages-program';
import { fail, type Finding } from './check';

const DEADLINE_MS = 60_000;

/** Lets messages look at the store and at its backups: it knows what it needs of them. */
export function checkStore(
  program: { name: 'check-store' | 'check-file'; args: readonly string[]; what: string },
  env: Record<string, string | undefined>,
): Finding[] {
  const { name, args, what } = program;
  const { status, stdout, stderr } = spawnSync(process.execPath, [messagesProgram(name), ...args], {
    env,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  if (status === 0) return JSON.parse(stdout) as Finding[];
  const problems = stderr.split('\n').filter((line) => line.startsWith('  '));
  return (problems.length > 0 ? problems : [stderr.trim() || 'it does not say']).map((problem) =>
    fail(what, problem.trim(), 'see docs/configuration.md'),
  );
}
