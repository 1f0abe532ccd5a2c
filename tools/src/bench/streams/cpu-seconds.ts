import { processStat } from '@agent-messenger/testkit';

/** Of /proc/PID/stat, the same on every Linux: USER_HZ. */
const TICKS_PER_SECOND = 100;

/** What these processes have used of a core so far, in user and system time. Linux only. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticks(pid), 0) / TICKS_PER_SECOND;
}

function ticks(pid: number): number {
  const [user, system] = processStat(pid).slice(11, 13);
  return Number(user) + Number(system);
}
