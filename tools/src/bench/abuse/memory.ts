import type { Stack } from '@agent-messenger/testkit';
import { execFileSync } from 'node:child_process';

const EVERY_MS = 500;

/** Resident memory of each process of a stack, bytes, by name. */
export type Memory = Record<string, number>;

export function memoryOf(stack: Stack): Memory {
  const pids = stack.pids();
  const text = execFileSync('ps', ['-o', 'pid=,rss=', '-p', Object.values(pids).join()], {
    encoding: 'utf8',
  });
  const kibibytes = new Map(
    text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
  );
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [name, (kibibytes.get(pid) ?? 0) * 1_024]),
  );
}

/** Looks again and again. @returns what ends that, and has the most that each process took */
export function watchMemory(stack: Stack): () => Memory {
  const most = memoryOf(stack);
  const timer = setInterval(() => {
    for (const [name, bytes] of Object.entries(memoryOf(stack))) {
      most[name] = Math.max(most[name] ?? 0, bytes);
    }
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}

/** Of the process that has grown most. */
export function mostGrown(before: Memory, now: Memory): { process: string; bytes: number } {
  const [first = { process: '', bytes: 0 }] = Object.entries(now)
    .map(([process, bytes]) => ({ process, bytes: bytes - (before[process] ?? 0) }))
    .sort((a, b) => b.bytes - a.bytes);
  return first;
}
