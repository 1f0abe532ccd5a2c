import { readFileSync } from 'node:fs';

/**
 * The fields of /proc/PID/stat from the 3rd on, the state. Linux only.
 * @throws Error when no such process runs
 */
export function processStat(pid: number): string[] {
  // The name in parentheses before them may contain anything.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
