import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { waitFor } from '../wait-for';
import { LaunchError } from './launch-error';
import { processIdentity } from './process-identity';
import { createWhole, writeWhole } from './write-whole';

const processSchema = z.object({ name: z.string(), pid: z.int(), identity: z.string() });
const addressesSchema = z.object({
  /** URLs of the public ports. */
  gateways: z.array(z.string()).min(1),
  /** URL at which the admin routes are. */
  admin: z.string(),
  /** URL of the internal port of a gateway. */
  internal: z.string().optional(),
  /** URL of the metrics of each process, by its name. */
  metrics: z.record(z.string(), z.string()),
});
export type StackAddresses = z.infer<typeof addressesSchema>;

const holderSchema = z.object({
  /** Another one for each claim, also of the same process. */
  claim: z.string(),
  launcher: processSchema,
  children: z.array(processSchema),
  /** Of what runs; missing until the first gateway does. */
  addresses: addressesSchema.optional(),
});
type Holder = z.infer<typeof holderSchema>;

export interface FolderLock {
  /** Tells the next launcher what to wait for, should this one be killed. */
  note(children: Record<string, number>, addresses?: StackAddresses): void;
  release(): void;
}

const UNREADABLE_MS = 1_000;
const LEFT_BEHIND_MS = 30_000;

/**
 * One launcher per data folder: two Redis servers on one append-only file, or two writers of one log
 * relay, would destroy it. What a killed launcher left behind ends by itself and is waited for.
 */
export async function lockFolder(
  dir: string,
  file: string,
  report: (line: string) => void,
): Promise<FolderLock> {
  const claim = randomBytes(8).toString('hex');
  const own: Holder = { claim, launcher: identify('launcher', process.pid), children: [] };
  // Only as a whole file does it come into being and change: nobody takes a part of it for a broken one.
  while (!createWhole(file, JSON.stringify(own))) {
    const holder = await readHolder(file);
    if (!holder) continue;
    await awaitEnd(dir, holder, report);
    removeStale(file, holder.claim);
  }
  const isOwn = (): boolean => claimIn(file) === claim;
  return {
    note(children, addresses) {
      own.addresses = addresses;
      own.children = Object.entries(children).map(([name, pid]) => identify(name, pid));
      if (isOwn()) writeWhole(file, JSON.stringify(own));
    },
    release() {
      if (isOwn()) rmSync(file, { force: true });
    },
  };
}

/** Where the stack of a data folder can be reached; undefined when none runs, or none is ready. */
export function readAddresses(file: string): StackAddresses | undefined {
  try {
    const { launcher, addresses } = holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return runs(launcher) ? addresses : undefined;
  } catch {
    // There is none, or one of another version.
    return undefined;
  }
}

/**
 * Of several that wait for the same stale lock one is first, and its own lock is what the others find: what
 * was moved aside is looked at before it is removed, and put back when it is not what was judged.
 */
function removeStale(file: string, claim: string): void {
  if (claimIn(file) !== claim) return;
  const aside = `${file}.${randomBytes(6).toString('hex')}.stale`;
  try {
    renameSync(file, aside);
    if (claimIn(aside) !== claim) linkSync(aside, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'EEXIST'].includes(code)) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

async function awaitEnd(
  dir: string,
  holder: Holder,
  report: (line: string) => void,
): Promise<void> {
  if (runs(holder.launcher)) {
    throw new LaunchError(
      `${dir} is in use by another launcher (pid ${holder.launcher.pid}): stop it, or choose another --data-dir.`,
    );
  }
  const left = (): Holder['children'] => holder.children.filter(runs);
  if (left().length === 0) return;
  const names = left().map(({ name, pid }) => `${name} (pid ${pid})`);
  report(`Waiting for what a killed launcher left behind: ${names.join(', ')}`);
  const ended = () => left().length === 0;
  await waitFor(ended, { timeoutMs: LEFT_BEHIND_MS, intervalMs: 100 }).catch(() => {
    const pids = left().map(({ pid }) => pid);
    throw new LaunchError(`${dir} is still in use. To end what uses it: kill ${pids.join(' ')}`);
  });
}

/** Undefined when the file is gone. One that cannot be read says nothing about its holder: it counts as held. */
async function readHolder(file: string): Promise<Holder | undefined> {
  const read = (): { holder: Holder | undefined } => {
    const text = readIfThere(file);
    return { holder: text === undefined ? undefined : holderSchema.parse(JSON.parse(text)) };
  };
  const { holder } = await waitFor(read, { timeoutMs: UNREADABLE_MS }).catch(() => {
    throw new LaunchError(
      `${file} cannot be read, so the folder counts as in use. If no launcher runs there: rm ${file}`,
    );
  });
  return holder;
}

/** Undefined when there is none, or none that can be read. */
function claimIn(file: string): string | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).claim;
  } catch {
    return undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function identify(name: string, pid: number): Holder['launcher'] {
  return { name, pid, identity: processIdentity(pid) ?? '' };
}

function runs({ pid, identity }: Holder['launcher']): boolean {
  return identity !== '' && processIdentity(pid) === identity;
}
