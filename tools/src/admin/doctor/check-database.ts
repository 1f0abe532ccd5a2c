import { spawnSync } from 'node:child_process';
import { messagesProgram } from '../messages-program';
import { fail, type Finding } from './check';

const DEADLINE_MS = 60_000;

/** Lets messages look at the PostgreSQL of DATABASE_URL: it knows what it needs of it. */
export function checkDatabase(
  env: Record<string, string | undefined>,
  replicas: number,
): Finding[] {
  const program = messagesProgram('check-store');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, `${replicas}`], {
    env,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  if (status === 0) return JSON.parse(stdout) as Finding[];
  const problems = stderr.split('\n').filter((line) => line.startsWith('  '));
  return (problems.length > 0 ? problems : [stderr.trim() || 'it does not say']).map((problem) =>
    fail('PostgreSQL', problem.trim(), 'see docs/configuration.md'),
  );
}
