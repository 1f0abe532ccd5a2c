import { findRoot, readAddresses, writeWhole, type StackAddresses } from '@agent-messenger/testkit';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/**
 * Names a file to remember data folders in, in the place of the checkout's own: for tests, which want one of theirs.
 */
const MEMORY = 'NPM_START_MEMORY';
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
  const known = knownStacks(env);
  const there = known.find(({ dataDir }) => existsSync(dataDir));
  return known.find(({ addresses }) => addresses) ?? there ?? look(defaultDir());
}

/** What `npm start` runs at a URL; undefined where the URL is not one of its own. */
export function findStackAt(
  url: string,
  env: Record<string, string | undefined>,
): FoundStack | undefined {
  if (!URL.canParse(url)) return undefined;
  return knownStacks(env).find(({ addresses }) =>
    urlsOf(addresses).some((own) => originOf(own) === originOf(url)),
  );
}

/** However this machine is named. */
function originOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  const host = ['localhost', '[::1]'].includes(hostname) ? '127.0.0.1' : hostname;
  return `${protocol}//${host}:${port}`;
}

/** Puts a data folder first among those that are looked at. */
export function rememberStarted(dataDir: string, env: Record<string, string | undefined>): void {
  const others = startedDirs(env).filter((dir) => dir !== dataDir && existsSync(dir));
  const data_dirs = [dataDir, ...others].slice(0, MOST);
  const file = memory(env);
  if (file !== undefined) writeWhole(file, `${JSON.stringify({ data_dirs }, null, 2)}\n`);
}

function look(dataDir: string): FoundStack {
  return { dataDir, addresses: readAddresses(join(dataDir, 'launcher.json')) };
}

function knownStacks(env: Record<string, string | undefined>): FoundStack[] {
  return [...startedDirs(env), defaultDir()].map(look);
}

function urlsOf(addresses: StackAddresses | undefined): string[] {
  if (!addresses) return [];
  const { gateways, admin, internal, metrics } = addresses;
  // Each gateway has its metrics on its internal port, where admin routes are.
  const all = [...gateways, admin, internal, ...Object.values(metrics)];
  return all.filter((url) => url !== undefined);
}

function startedDirs(env: Record<string, string | undefined>): string[] {
  try {
    return startedSchema.parse(JSON.parse(readFileSync(memory(env) ?? '', 'utf8'))).data_dirs;
  } catch {
    // Nothing was started yet.
    return [];
  }
}

function defaultDir(): string {
  return join(rootIfAny() ?? '.', '.data');
}

function memory(env: Record<string, string | undefined>): string | undefined {
  if (env[MEMORY]) return env[MEMORY];
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
