import {
  LaunchError,
  LIFTED_LIMITS,
  LIFTED_QUOTAS,
  type Stack,
  type StackOptions,
  startStack,
} from '@agent-messenger/testkit';
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findStack, findStackAt } from '../find-stack';
import type { BenchOptions } from './options';
import { makeWorkFolder } from './work-folder';

/** A system to put load on. */
export interface Target {
  /** Of its gateways. */
  urls: string[];
  admin: { url: string; key: string };
  stop(): Promise<void>;
}

/** What `npm start` runs, or AGENT_MESSENGER_URL names. @throws LaunchError when there is none */
export function findTarget(env: Record<string, string | undefined>): Target {
  const named = env['AGENT_MESSENGER_URL']?.split(',').filter(Boolean) ?? [];
  const [elsewhere] = named;
  const found = elsewhere === undefined ? findStack(undefined, env) : findStackAt(elsewhere, env);
  const addresses = found?.addresses;
  const urls = elsewhere === undefined ? addresses?.gateways : named;
  const [first] = urls ?? [];
  if (!urls || first === undefined) {
    throw new LaunchError('Nothing runs: npm start first, or set AGENT_MESSENGER_URL.');
  }
  const url = addresses?.admin ?? first;
  return { urls, admin: { url, key: adminKey(env, found?.dataDir) }, stop: async () => undefined };
}

/** @param dataDir of what runs at the URLs */
function adminKey(env: Record<string, string | undefined>, dataDir: string | undefined): string {
  if (env['ADMIN_API_KEY']) return env['ADMIN_API_KEY'];
  if (dataDir === undefined) {
    throw new LaunchError('Agents are made with the admin key: set ADMIN_API_KEY.');
  }
  const file = join(dataDir, 'admin_api_key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new LaunchError(`Agents are made with the admin key: set ADMIN_API_KEY (no ${file}).`);
  }
}

interface TargetOptions extends Pick<BenchOptions, 'gateways' | 'cpuProf'> {
  store?: BenchOptions['store'];
  replicas?: number;
  /** A folder in which each service writes at SIGUSR2 what memory it keeps. */
  keptIn?: string;
  /** Folder of another checkout that has been built; this one by default. */
  build?: string | undefined;
}

/** The services of another checkout. */
export function entriesOf(build: string | undefined): NonNullable<StackOptions['entries']> {
  if (build === undefined) return {};
  const entry = (name: string) => join(build, 'apps', name, 'dist', 'main.js');
  return Object.fromEntries(
    ['auth', 'gateway', 'messages', 'push-worker'].map((name) => [name, entry(name)]),
  );
}

/** A whole stack of our own, by default with its limits lifted. */
export async function startTarget(
  { gateways, cpuProf, keptIn, store = 'sqlite', replicas = 1, build }: TargetOptions,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
  env: NonNullable<StackOptions['env']> = { gateway: LIFTED_LIMITS, messages: LIFTED_QUOTAS },
): Promise<Target & { stack: Stack }> {
  const dataDir = makeWorkFolder();
  const removeData = (): void => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  const probes = keptIn === undefined ? {} : keptProbe(keptIn);
  const common = { LOG_LEVEL: 'warn', ...preload(probes) };
  const profiled = (name: string) => ({ ...common, ...profile(cpuProf, name, probes) });
  say(`ours: starting ${gateways} gateway(s) …`);
  const stack = await startStack({
    gateways,
    store,
    messages: replicas,
    dataDir,
    signal,
    report: say,
    entries: entriesOf(build),
    env: {
      // A socket does not outlive its token, and the bench refreshes none.
      auth: { ...common, ACCESS_TOKEN_TTL_S: '86400' },
      messages: { ...profiled('messages'), ...env.messages },
      'push-worker': { ...common, ...env['push-worker'] },
      gateway: { ...profiled('gateway'), ...env.gateway },
    },
  }).catch((error: unknown) => {
    removeData();
    throw error;
  });
  return {
    stack,
    urls: stack.gateways.map(({ url }) => url),
    admin: { url: stack.adminUrl, key: stack.adminKey },
    stop: async () => {
      await stack.stop();
      removeData();
    },
  };
}

const PRELOADED: Record<string, string> = {
  CPU_PROFILE: 'cpu-profile.js',
  KEPT_MEMORY: 'kept-memory.js',
};

/** The environment of a service that writes what its time went into. */
export function profile(
  folder: string | undefined,
  name: string,
  probes: Record<string, string> = {},
): Record<string, string> {
  const CPU_PROFILE = folder === undefined ? undefined : join(resolve(folder), name);
  return preload({ ...probes, ...(CPU_PROFILE !== undefined && { CPU_PROFILE }) });
}

function keptProbe(dir: string): Record<string, string> {
  return { KEPT_MEMORY: join(dir, 'kept') };
}

/** Environment of a process whose memory is to be looked at: see `keptByProcess`. */
export function lookingAtMemory(dir: string): Record<string, string> {
  return preload(keptProbe(dir));
}

/** What looks into a service from within: Node takes --cpu-prof only on its command line, --require also from here. */
function preload(probes: Record<string, string>): Record<string, string> {
  const required = Object.keys(probes).map(
    (name) => `--require=${join(__dirname, PRELOADED[name] ?? '')}`,
  );
  return required.length === 0 ? {} : { ...probes, NODE_OPTIONS: required.join(' ') };
}
