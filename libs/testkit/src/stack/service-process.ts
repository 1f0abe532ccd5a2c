import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { choosePorts, takesAnyPort } from './choose-ports';
import { HeldLines } from './held-lines';
import { humanLine } from './human-line';
import { LaunchError } from './launch-error';
import type { LogFile } from './log-file';

export interface ServiceProcessOptions {
  name: string;
  /** The file that node runs. It sends `{type: 'ready', port?, internal_port?}` over IPC and ends at its disconnect. */
  entry: string;
  env: Record<string, string>;
  log: LogFile;
  /** Gets short lines for people. */
  report: (line: string) => void;
  readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL; longer than the 25 s that a service gives itself. */
  killAfterMs?: number;
  /** Told after each start, when its pid is a new one. */
  onReady?: () => void;
  /** Wait before the first restart; doubles up to 10 s. */
  backoffMs?: number;
}

interface Ports {
  port?: number;
  internal_port?: number;
}

const MAX_BACKOFF_MS = 10_000;
/** A service that ran this long has recovered: the next crash is a first one. */
const STABLE_MS = 30_000;

/** One service as a process of its own: started, watched, restarted when it crashes, stopped. */
export class ServiceProcess {
  private readonly events = new EventEmitter();
  private child: ChildProcess | undefined;
  private ports: Ports = {};
  /** Variables with the ports that stand for any. */
  private chosen: Record<string, string> | undefined;
  private wanted = false;
  private backoff = 0;
  private cancelRestart = new AbortController();
  private ending: string | undefined;
  private entry: string;

  constructor(private readonly options: ServiceProcessOptions) {
    this.entry = options.entry;
  }

  get name(): string {
    return this.options.name;
  }
  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }
  /** How it ended last: a signal, or `exit code 0`. */
  get lastEnd(): string | undefined {
    return this.ending;
  }
  /** It has said on which ports it listens; a crash does not change them. */
  get isReady(): boolean {
    return this.ports.internal_port !== undefined;
  }
  /** Where what is on the public port can be reached from this machine: without a slash at its end. */
  get url(): string {
    const { HOST, BASE_PATH = '' } = this.options.env;
    return `http://${reachable(HOST)}:${this.ports.port}${BASE_PATH}`;
  }
  get internalUrl(): string {
    return `http://127.0.0.1:${this.ports.internal_port}`;
  }

  /** Resolves when it is ready; rejects when it ends before that, and then does not try again. */
  async start(): Promise<void> {
    if (this.wanted) return;
    this.wanted = true;
    this.cancelRestart = new AbortController();
    try {
      await this.launch();
    } catch (error) {
      this.wanted = false;
      throw error;
    }
  }

  /** Graceful: SIGTERM, then SIGKILL at the deadline. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends it without a restart; `start` brings it back on the same ports. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.end(signal);
  }

  /** @param entry from now on: that of another version */
  async restart(entry = this.entry): Promise<void> {
    await this.stop();
    this.entry = entry;
    await this.start();
  }

  /** Ends it as a crash would and resolves when the supervisor has it ready again. */
  async crash(): Promise<void> {
    const again = once(this.events, 'ready');
    signalTo(this.child, 'SIGKILL');
    await again;
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  pause(): void {
    signalTo(this.child, 'SIGSTOP');
  }

  resume(): void {
    signalTo(this.child, 'SIGCONT');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    this.wanted = false;
    this.cancelRestart.abort();
    const { child } = this;
    if (!child) return;
    const { name, report, killAfterMs = 30_000 } = this.options;
    const exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    signalTo(child, signal);
    signalTo(child, 'SIGCONT');
    const deadline = setTimeout(() => {
      report(`${name} did not end within ${killAfterMs / 1000} s: killed`);
      signalTo(child, 'SIGKILL');
    }, killAfterMs);
    await exited;
    clearTimeout(deadline);
  }

  private async launch(): Promise<void> {
    const { name, env, readyTimeoutMs = 60_000 } = this.options;
    if (takesAnyPort(env)) {
      this.chosen ??= await choosePorts(env);
      if (!this.wanted) throw new LaunchError(`${name} was stopped before it was started`);
    }
    const child = spawn(process.execPath, [this.entry], {
      env: { ...env, ...this.chosen, ...this.portsToKeep() },
      // A session of its own: Ctrl-C reaches the launcher only, which stops everything in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    const output = this.collect(child);
    let failure: Error | undefined;
    const closed = new Promise((resolve) => {
      child.once('close', resolve);
      child.on('error', (error) => {
        // Where no process came into being, neither `exit` nor `close` may follow.
        if (child.pid !== undefined) return this.options.report(`[${name}] ${error.message}`);
        failure = error;
        if (this.child === child) this.child = undefined;
        resolve(undefined);
      });
    });
    child.once('exit', () => {
      this.ending = describe(child);
      if (this.child === child) this.child = undefined;
    });
    const timeout = new AbortController();
    const outcome = await Promise.race([
      readyMessage(child),
      closed.then(() => 'ended' as const),
      delay(readyTimeoutMs, 'late' as const, { signal: timeout.signal, ref: false }),
    ]);
    timeout.abort();
    if (typeof outcome === 'string') {
      signalTo(child, 'SIGKILL');
      await closed;
      const late = outcome === 'late' ? `not ready after ${readyTimeoutMs / 1000} s` : undefined;
      const why = failure?.message ?? late ?? describe(child);
      throw new LaunchError([`${name} did not start (${why})`, ...output.held].join('\n  '));
    }
    // What it printed before it said so may still be in the other pipe.
    await setImmediate();
    output.release();
    this.ports = outcome;
    this.watch(child);
    this.options.onReady?.();
    this.events.emit('ready');
  }

  private watch(child: ChildProcess): void {
    const readyAt = performance.now();
    const crashed = (): void => {
      if (!this.wanted) return;
      if (performance.now() - readyAt > STABLE_MS) this.backoff = 0;
      void this.relaunch(`${this.name} ended unexpectedly (${describe(child)})`);
    };
    // It may have ended between its message and now.
    if (child.exitCode !== null || child.signalCode !== null) crashed();
    else child.once('exit', crashed);
  }

  private async relaunch(reason: string): Promise<void> {
    const { backoffMs = 500, report } = this.options;
    const { signal } = this.cancelRestart;
    this.backoff = Math.min(this.backoff === 0 ? backoffMs : this.backoff * 2, MAX_BACKOFF_MS);
    report(`${reason}: restart in ${this.backoff / 1000} s`);
    try {
      await delay(this.backoff, undefined, { signal });
      await this.launch();
      report(`${this.name} is back`);
    } catch (error) {
      if (signal.aborted) return;
      await this.relaunch(error instanceof Error ? error.message : String(error));
    }
  }

  /** Others know the ports of the first start. */
  private portsToKeep(): Record<string, string> {
    const { port, internal_port } = this.ports;
    return {
      ...(port === undefined ? {} : { PORT: `${port}` }),
      ...(internal_port === undefined ? {} : { INTERNAL_PORT: `${internal_port}` }),
    };
  }

  /**
   * Sends what it prints to the log, and what matters to people to them: once it is ready. Until then the
   * last lines are held, each once, for the error that tells why it did not start.
   */
  private collect(child: ChildProcess): HeldLines {
    const { name, log, report } = this.options;
    const held = new HeldLines(report);
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        const human = humanLine(name, line);
        if (human !== null) held.add(human);
      });
    }
    return held;
  }
}

/** All addresses include loopback; of one address that one is reachable. */
function reachable(host = '127.0.0.1'): string {
  if (['0.0.0.0', '::', 'localhost'].includes(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function readyMessage(child: ChildProcess): Promise<Ports> {
  return new Promise((resolve) => {
    child.on('message', (message: { type?: unknown } & Ports) => {
      if (message.type === 'ready') resolve(message);
    });
  });
}

/** Not where no process came into being: Node would signal process 0, which is our own group. */
function signalTo(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid !== undefined) child.kill(signal);
}

function describe(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`;
}
