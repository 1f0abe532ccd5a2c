import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnRedisServer } from './redis-server-command';
import { createServerProcess } from './server-process';
import { writeWhole } from './stack/write-whole';

export interface RedisOptions {
  /** Folder of its data; a temporary one, removed at stop, when absent. */
  dir?: string;
  /** What clients have to say; it is in a file of `dir` that only its owner reads, and in `url`. */
  password?: string;
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

/** A real redis-server (or valkey-server) on a free port of 127.0.0.1, durable, that dies with this process. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisProcess> {
  const temporary = options.dir === undefined;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'am-redis-'));
  mkdirSync(dir, { recursive: true });
  const config = join(dir, 'redis.conf');
  const secret = options.password;
  // By a file, so that no process listing shows it.
  if (secret !== undefined) writeWhole(config, `requirepass ${secret}\n`);
  const server = createServerProcess({
    name: 'redis',
    spawn: (port) =>
      spawnRedisServer([
        ...(secret === undefined ? [] : [config]),
        ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir],
        ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
        ...(options.settings ?? []),
      ]),
    readyWhen: 'Ready to accept connections',
    missing: 'neither redis-server nor valkey-server is on PATH',
    output: options.output,
    onCrash: options.onCrash,
  });

  async function start({ empty = false } = {}): Promise<void> {
    if (server.pid !== undefined) return;
    if (empty) rmSync(join(dir, 'appendonlydir'), { recursive: true, force: true });
    await server.start();
  }

  await start();
  return {
    get url() {
      const user = secret === undefined ? '' : `:${secret}@`;
      return `redis://${user}127.0.0.1:${server.port}`;
    },
    get port() {
      return server.port;
    },
    get pid() {
      return server.pid;
    },
    start,
    async restart(how) {
      await server.end('SIGTERM');
      await start(how);
    },
    kill: () => server.end('SIGKILL'),
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    async stop() {
      await server.end('SIGTERM');
      if (temporary) rmSync(dir, { recursive: true, force: true });
    },
  };
}
