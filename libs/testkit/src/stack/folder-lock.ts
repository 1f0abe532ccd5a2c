import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { waitFor } from '../wait-for';
import { LaunchError } from './launch-error';
import { processIdentity } from './process-identity';

const processSchema = z.object({ name: z.string(), pid: z.int(), identity: z.string() });
const holderSchema = z.object({ launcher: processSchema, children: z.array(processSchema) });
type Holder = z.infer<typeof holderSchema>;

export interface FolderLock {
  /** Tells the next launcher what to wait for, should this one be killed. */
  note(children: Record<string, number>): void;
  release(): void;
}

/**
 * One launcher per data folder: two Redis servers on one append-only file, or two writers of one log
 * relay, would destroy it. What a killed launcher left behind ends by itself and is waited for.
 */
export async function lockFolder(
  dir: string,
  file: string,
  report: (line: string) => void,
): Promise<FolderLock> {
  const own: Holder = { launcher: identify('launcher', process.pid), children: [] };
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await awaitEnd(dir, readHolder(file), report);
    rmSync(file, { force: true });
  }
  return {
    note(children) {
      own.children = Object.entries(children).map(([name, pid]) => identify(name, pid));
      writeFileSync(file, JSON.stringify(own), { mode: 0o600 });
    },
    release: () => rmSync(file, { force: true }),
  };
}

async function awaitEnd(
  dir: string,
  holder: Holder | undefined,
  report: (line: string) => void,
): Promise<void> {
  if (!holder) return;
  if (runs(holder.launcher)) {
    throw new LaunchError(
      `${dir} is in use by another launcher (pid ${holder.launcher.pid}): stop it, or choose another --data-dir.`,
    );
  }
  const left = (): Holder['children'] => holder.children.filter(runs);
  if (left().length === 0) return;
  const names = left().map(({ name, pid }) => `${name} (pid ${pid})`);
  report(`Waiting for what a killed launcher left behind: ${names.join(', ')}`);
  await waitFor(() => left().length === 0, { timeoutMs: 30_000, intervalMs: 100 }).catch(() => {
    const pids = left().map(({ pid }) => pid);
    throw new LaunchError(`${dir} is still in use. To end what uses it: kill ${pids.join(' ')}`);
  });
}

/** Undefined when a crash has cut the file short. */
function readHolder(file: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function identify(name: string, pid: number): Holder['launcher'] {
  return { name, pid, identity: processIdentity(pid) ?? '' };
}

function runs({ pid, identity }: Holder['launcher']): boolean {
  return identity !== '' && processIdentity(pid) === identity;
}
