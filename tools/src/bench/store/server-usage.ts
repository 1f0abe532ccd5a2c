import { processStat } from '@agent-messenger/testkit';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds } from '../streams/cpu-seconds';

/** Of messages and, where there is one, of its PostgreSQL with all of its processes, seconds of a core. Linux only. */
export function cpuOf(pids: Readonly<Record<string, number>>): number {
  const servers = Object.entries(pids).filter(([name]) => /^messages(-\d+)?$/.test(name));
  const { postgres } = pids;
  const own = cpuSeconds(servers.map(([, pid]) => pid));
  return postgres === undefined ? own : own + serverCpu(postgres);
}

/** A process that ends leaves what it has used with its parent. */
function serverCpu(pid: number): number {
  const all = [pid, ...childrenOf(pid)];
  const ended = processStat(pid).slice(13, 15);
  return cpuSeconds(all) + ended.reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

/** Of all files in a folder and below. */
export function folderBytes(dir: string): number {
  return readdirSync(dir, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(dir, entry.name);
    return sum + (entry.isDirectory() ? folderBytes(path) : statSync(path).size);
  }, 0);
}
