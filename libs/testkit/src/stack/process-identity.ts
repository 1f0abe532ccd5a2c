import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { processStat } from './process-stat';

/**
 * What tells a running process from a later one that got the same pid: its start time, in whatever unit
 * the system gives. Undefined when no such process runs.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    if (!existsSync('/proc/self/stat')) {
      return execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim();
    }
    // State is the 3rd field of the line, start time the 22nd.
    const fields = processStat(pid);
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    // Neither the file nor the process exists.
    return undefined;
  }
}
