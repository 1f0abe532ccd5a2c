import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { LaunchError } from './stack/launch-error';
import { freePort } from './free-port';
import { dismissGuard } from './guarded-server';

export interface ServerOptions {
  name: string;
  /** See spawnGuarded. */
  spawn(port: number): ChildProcess;
  /** What it prints when it accepts connections. */
  readyWhen: string;
  /** Why it ends at once when its program is not there. */
  missing: string;
  /** Gets what it prints. */
  output?: ((text: string) => void) | undefined;
  /** Told when it ends although nobody stopped it. */
  onCrash?: ((reason: string) => void) | undefined;
}

/** A server of someone else's on a port of 127.0.0.1 that stays the same from its first start on. */
export interface ServerProcess {
  /** 0 before the first start. */
  readonly port: number;
  /** Of the server itself; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Resolves when it accepts connections; at once when it runs. Rejects with a LaunchError that says why it ended. */
  start(): Promise<void>;
  /** Resolves when it has ended, at once when it does not run. One that does not end by the signal is killed. */
  end(signal: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

interface Failure {
  why: string;
  /** Something else listens on its port. */
  isTaken: boolean;
}

const BIND_ATTEMPTS = 5;
const READY_TIMEOUT_MS = 30_000;
const KILL_AFTER_MS = 10_000;

export function createServerProcess(options: ServerOptions): ServerProcess {
  const { name, readyWhen } = options;
  const state: { child?: ChildProcess; wanted: boolean; port: number } = { wanted: false, port: 0 };

  /** Resolves with undefined when it accepts connections, else with why it ended. */
  async function launch(port: number): Promise<Failure | undefined> {
    const child = options.spawn(port);
    const { stdin, stdout, stderr } = child;
    if (child.pid === undefined || !stdin || !stdout || !stderr) {
      const [error] = (await once(child, 'error')) as [Error];
      return { why: error.message, isTaken: false };
    }
    state.child = child;
    let printed = '';
    const ready = new Promise<undefined>((resolve) => {
      const collect = (chunk: Buffer) => {
        options.output?.(chunk.toString());
        if (printed.length < 65_536) printed += chunk.toString();
        if (printed.includes(readyWhen)) resolve(undefined);
      };
      stdout.on('data', collect);
      stderr.on('data', collect);
    });
    // The guard may be gone before its pipe is: nothing to do about it.
    stdin.on('error', () => undefined);
    child.once('exit', () => {
      if (state.child === child) delete state.child;
      dismissGuard(child);
    });
    const ended = once(child, 'close');
    const early = ended.then(() => (child.exitCode === 127 ? options.missing : lastLines(printed)));
    const problem = await Promise.race([ready, early, inTime(READY_TIMEOUT_MS)]);
    if (problem !== undefined) {
      child.kill('SIGKILL');
      await ended;
      // PostgreSQL says so before much else.
      return { why: problem, isTaken: printed.includes('Address already in use') };
    }
    child.once('exit', (code, signal) => {
      if (state.wanted) options.onCrash?.(signal ?? `exit code ${code}`);
    });
    return undefined;
  }

  return {
    get port() {
      return state.port;
    },
    get pid() {
      return state.child?.pid;
    },
    async start() {
      if (state.child) return;
      state.wanted = true;
      for (let attempt = 1; ; attempt += 1) {
        const port = state.port || (await freePort());
        const failure = await launch(port);
        if (failure === undefined) {
          state.port = port;
          return;
        }
        if (!failure.isTaken || state.port !== 0 || attempt === BIND_ATTEMPTS) {
          throw new LaunchError(`${name} did not start: ${failure.why}`);
        }
      }
    },
    async end(signal) {
      state.wanted = false;
      const child = state.child;
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      child.kill('SIGCONT');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await ended;
      clearTimeout(timer);
    },
    signal: (signal) => void state.child?.kill(signal),
  };
}

function lastLines(printed: string): string {
  return printed.trim().split('\n').slice(-3).join(' / ');
}

async function inTime(ms: number): Promise<string> {
  await delay(ms, undefined, { ref: false });
  return 'no answer in time';
}
