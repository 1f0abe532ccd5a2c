import { waitFor, type Stack } from '@agent-messenger/testkit';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Of one process, after a full garbage collection in each of its threads, bytes. */
export interface KeptMemory {
  rss: number;
  threads: { heapUsed: number; heapTotal: number; external: number }[];
}

/** Long enough for a process that is still busy with what it was sent. */
const ANSWER_MS = 60_000;

/** What services keep that garbage collection does not free; `dir` is the `keptIn` of their target. */
export async function keptBy(
  stack: Stack,
  names: readonly string[],
  dir: string,
): Promise<Record<string, KeptMemory>> {
  const pids = stack.pids();
  const entries = await Promise.all(
    names.map(async (name) => {
      const pid = pids[name];
      if (pid === undefined) throw new Error(`no process is called ${name}`);
      return [name, await keptByProcess(pid, dir)] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** The same of one process, in which `kept-memory.js` is loaded; see `lookingAtMemory`. */
export async function keptByProcess(pid: number, dir: string): Promise<KeptMemory> {
  const file = join(dir, `kept-${pid}`);
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  await waitFor(() => existsSync(file), { timeoutMs: ANSWER_MS, describe: `memory of ${pid}` });
  return JSON.parse(readFileSync(file, 'utf8')) as KeptMemory;
}
