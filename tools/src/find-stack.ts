import { findRoot, readAddresses, writeWhole, type StackAddresses } from '@agent-messenger/testkit';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** How many data folders are remembered. */
const MOST = 16;
const startedSchema = z.object({ data_dirs: z.array(z.string()) });

export interface FoundStack {
  /** Where it keeps its data: that of the stack that runs, else of the last one, else `.data`. */
  dataDir: string;
  /** Undefined when nothing runs there. */
  addresses: StackAddresses | undefined;
}

/**
 * What `npm start` has started: of the data folder that is named, relative to where the person stands, else the
 * newest of this checkout that runs.
 */
export function findStack(
  named: string | undefined,
  env: Record<string, string | undefined>,
): FoundStack {
  if (named !== undefined) return look(resolve(env['INIT_CWD'] ?? '.', named));
  const known = [...startedDirs(), defaultDir()].map(look);
  const there = known.find(({ dataDir }) => existsSync(dataDir));
  return known.find(({ addresses }) => addresses) ?? there ?? look(defaultDir());
}

/** Puts a data folder first among those that are looked at. */
export function rememberStarted(dataDir: string): void {
  const others = startedDirs().filter((dir) => dir !== dataDir && existsSync(dir));
  const data_dirs = [dataDir, ...others].slice(0, MOST);
  const file = memory();
  if (file !== undefined) writeWhole(file, `${JSON.stringify({ data_dirs }, null, 2)}\n`);
}

function look(dataDir: string): FoundStack {
  return { dataDir, addresses: readAddresses(join(dataDir, 'launcher.json')) };
}

function startedDirs(): string[] {
  try {
    return startedSchema.parse(JSON.parse(readFileSync(memory() ?? '', 'utf8'))).data_dirs;
  } catch {
    // Nothing was started yet.
    return [];
  }
}

function defaultDir(): string {
  return join(rootIfAny() ?? '.', '.data');
}

function memory(): string | undefined {
  const root = rootIfAny();
  return root === undefined ? undefined : join(root, '.npm-start.json');
}

/** Undefined in an image, where there is the command and no checkout. */
function rootIfAny(): string | undefined {
  try {
    return findRoot();
  } catch {
    return undefined;
  }
}
