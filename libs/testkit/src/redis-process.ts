import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaunchError } from './stack/launch-error';
import { freePort } from './free-port';

export interface RedisOptions {
  /** Folder of its data; a temporary one, removed at stop, when absent. */
  dir?: string;
  /** More of its command line: `--tls-port` and what belongs to it, for example. */
  settings?: string[];
  /** Gets what redis-server prints. */
  output?: (text: string) => void;
  /** Told when it ends although nobody stopped it. */
  onCrash?: (reason: string) => void;
}

export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  /** Of redis-server itself; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Stops it (SIGTERM: the append-only file is flushed) and starts it on the same port. */
  restart(options?: { empty?: boolean }): Promise<void>;
  /** Ends it at once; `start` brings it back on the same port, with its data or empty. */
  kill(): Promise<void>;
  start(options?: { empty?: boolean }): Promise<void>;
  /** SIGSTOP and SIGCONT: connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

// redis-server does not notice that the process that started it is gone. So the shell that becomes it
// (exec keeps the pid, which is $$) leaves a guard behind that reads from a pipe of which only the
// starting process holds the other end: end of file without a line means that it has vanished.
const guarded = `
server=$(command -v redis-server || command -v valkey-server) || exit 127
exec 3<&0
( read -r _ <&3 || { kill -TERM $$; kill -CONT $$; } ) >/dev/null 2>&1 &
exec "$server" "$@" </dev/null 3<&-
`;
const BIND_ATTEMPTS = 5;
const READY_TIMEOUT_MS = 30_000;
const KILL_AFTER_MS = 10_000;

/** A real redis-server (or valkey-server) on a free port of 127.0.0.1, durable, that dies with this process. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisProcess> {
  const temporary = options.dir === undefined;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'am-redis-'));
  mkdirSync(dir, { recursive: true });
  const state: { child?: ChildProcess; wanted: boolean; port: number } = { wanted: false, port: 0 };

  async function start({ empty = false } = {}): Promise<void> {
    if (state.child) return;
    state.wanted = true;
    if (empty) rmSync(join(dir, 'appendonlydir'), { recursive: true, force: true });
    for (let attempt = 1; ; attempt += 1) {
      const port = state.port || (await freePort());
      const problem = await launch(port);
      if (problem === undefined) {
        state.port = port;
        return;
      }
      const taken = problem.includes('Address already in use');
      if (!taken || state.port !== 0 || attempt === BIND_ATTEMPTS) {
        throw new LaunchError(`redis did not start: ${problem}`);
      }
    }
  }

  /** Resolves with undefined when it accepts connections, else with why it ended. */
  async function launch(port: number): Promise<string | undefined> {
    const settings = [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir],
      ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
      ...(options.settings ?? []),
    ];
    const child = spawn('sh', ['-c', guarded, 'redis', ...settings], {
      // A session of its own: Ctrl-C reaches the launcher only, which stops Redis last.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (child.pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error];
      return error.message;
    }
    state.child = child;
    let printed = '';
    const collect = (chunk: Buffer) => {
      options.output?.(chunk.toString());
      if (printed.length < 65_536) printed += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    // The guard may be gone before its pipe is: nothing to do about it.
    child.stdin.on('error', () => undefined);
    child.once('exit', () => {
      if (state.child === child) delete state.child;
      dismissGuard(child);
    });
    const ended = once(child, 'close');
    const deadline = AbortSignal.timeout(READY_TIMEOUT_MS);
    while (!printed.includes('Ready to accept connections')) {
      const over = await Promise.race([
        once(child.stdout, 'data', { signal: deadline }).then(
          () => undefined,
          () => 'no answer in time',
        ),
        ended.then(() => explain(child, printed)),
      ]);
      if (over !== undefined) {
        child.kill('SIGKILL');
        await ended;
        return over;
      }
    }
    child.once('exit', (code, signal) => {
      if (state.wanted) options.onCrash?.(signal ?? `exit code ${code}`);
    });
    return undefined;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    state.wanted = false;
    const child = state.child;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    await ended;
    clearTimeout(timer);
  }

  await start();
  return {
    get url() {
      return `redis://127.0.0.1:${state.port}`;
    },
    get port() {
      return state.port;
    },
    get pid() {
      return state.child?.pid;
    },
    start,
    async restart(how) {
      await end('SIGTERM');
      await start(how);
    },
    kill: () => end('SIGKILL'),
    pause: () => void state.child?.kill('SIGSTOP'),
    resume: () => void state.child?.kill('SIGCONT'),
    async stop() {
      await end('SIGTERM');
      if (temporary) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A line tells the guard that redis-server is gone: its pid may belong to another process by now. */
function dismissGuard(child: ChildProcess): void {
  child.stdin?.end('gone\n');
}

function explain(child: ChildProcess, printed: string): string {
  if (child.exitCode === 127) return 'neither redis-server nor valkey-server is on PATH';
  const lines = printed.trim().split('\n');
  return lines.slice(-3).join(' / ');
}
