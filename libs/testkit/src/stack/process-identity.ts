import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * What tells a running process from a later one that got the same pid: its start time, in whatever unit
 * the system gives. Undefined when no such process runs.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    if (!existsSync('/proc/self/stat')) {
      return execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim();
    }
    // The name in parentheses may contain anything: fields are counted from its end. State is the 3rd
    // field of the line, start time the 22nd.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    // Neither the file nor the process exists.
    return undefined;
  }
}
