import { cpuSeconds } from '../streams/cpu-seconds';
import { readFileSync } from 'node:fs';

/** What processes have used so far. Linux only. */
export interface Usage {
  /** User and system time. */
  cpuSeconds: number;
  /** Given to the disks, as blocks. */
  writtenBytes: number;
}

export function usageOf(pids: readonly number[]): Usage {
  return {
    cpuSeconds: cpuSeconds(pids),
    writtenBytes: pids.reduce((sum, pid) => sum + writtenBytes(pid), 0),
  };
}

function writtenBytes(pid: number): number {
  const [, bytes = '0'] =
    /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8')) ?? [];
  return Number(bytes);
}
