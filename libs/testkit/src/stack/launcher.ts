import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRoot } from '../find-root';
import { freePort } from '../free-port';
import type { RedisProcess } from '../redis-process';
import { checkRedis } from './check-redis';
import { Closers } from './closers';
import { openDataFolder, type DataFolder } from './data-folder';
import { lockFolder, type FolderLock } from './folder-lock';
import { LaunchError } from './launch-error';
import { LogFolder } from './log-folder';
import {
  inherited,
  serviceEnvironment,
  type ServiceName,
  type Surroundings,
} from './service-environment';
import { ServiceProcess } from './service-process';
import { superviseRedis } from './supervise-redis';

export interface LauncherOptions {
  /** Default: a temporary folder that `stop` removes. */
  dataDir?: string;
  /** A Redis that already runs; default: an own redis-server. */
  redisUrl?: string;
  queueRedisUrl?: string;
  /** Default: `am` in an own Redis, else a prefix of the data folder's own. */
  redisPrefix?: string;
  /** What all services inherit; default: nothing. */
  environment?: Record<string, string | undefined>;
  /** Settings of single services, over what the launcher sets. */
  env?: Partial<Record<ServiceName, Record<string, string>>>;
  /** Files to run instead of the built services. */
  entries?: Partial<Record<ServiceName, string>>;
  /** Gets short lines for people: warnings of services, crashes, restarts. */
  report?: (line: string) => void;
  /** Ends a start that is under way: everything started is stopped, and the start rejects. */
  signal?: AbortSignal;
}

/** The parts of a stack in the making; `startStack` calls them in the order in which they depend on each other. */
export class Launcher {
  readonly data: DataFolder;
  readonly logs: LogFolder;
  readonly gateways: ServiceProcess[] = [];
  redis: RedisProcess | undefined;
  private readonly others: ServiceProcess[] = [];
  private readonly closers = new Closers();
  private readonly environment: Record<string, string>;
  private lock: FolderLock | undefined;
  private around: Surroundings;

  constructor(private readonly options: LauncherOptions) {
    const { dataDir } = options;
    this.data = openDataFolder(dataDir ?? mkdtempSync(join(tmpdir(), 'am-stack-')));
    this.logs = new LogFolder(this.data.file('logs'));
    if (dataDir === undefined) {
      this.closers.add(() =>
        rmSync(this.data.dir, { recursive: true, force: true, maxRetries: 3 }),
      );
    }
    this.closers.add(() => this.logs.close());
    this.environment = inherited(options.environment ?? {});
    const { data, environment } = this;
    this.around = { data, environment, redisUrl: '', queueRedisUrl: '', redisPrefix: '' };
  }

  /** Refuses a data folder or a port that is in use before anything has been started. */
  async claim(port: number, gateways: number): Promise<void> {
    const file = this.data.file('launcher.json');
    this.lock = await lockFolder(this.data.dir, file, (line) => this.report(line));
    this.closers.add(() => this.lock?.release());
    if (port !== 0) await checkPorts(port, gateways);
  }

  async startRedis(): Promise<{ redisUrl: string; redisPrefix: string }> {
    this.options.signal?.throwIfAborted();
    const { redisUrl: given, queueRedisUrl, redisPrefix } = this.options;
    if (given === undefined) {
      const redis = await superviseRedis({
        dir: this.data.file('redis'),
        log: this.logs.of('redis'),
        report: (line) => this.report(line),
        onReady: () => this.noteProcesses(),
      });
      this.closers.add(() => redis.stop());
      this.redis = redis;
      this.noteProcesses();
    }
    for (const [name, url] of Object.entries({
      REDIS_URL: given,
      QUEUE_REDIS_URL: queueRedisUrl,
    })) {
      if (url !== undefined) await checkRedis(name, url);
    }
    const redisUrl = given ?? this.redis?.url ?? '';
    this.around = {
      ...this.around,
      redisUrl,
      queueRedisUrl: queueRedisUrl ?? redisUrl,
      redisPrefix: redisPrefix ?? (given === undefined ? 'am' : this.data.redisPrefix()),
    };
    return { redisUrl, redisPrefix: this.around.redisPrefix };
  }

  async startService(name: Exclude<ServiceName, 'gateway'>): Promise<ServiceProcess> {
    const env = { ...serviceEnvironment(name, this.around), ...this.options.env?.[name] };
    const service = this.create(name, this.entry(name), env);
    this.others.push(service);
    this.closers.add(() => service.stop());
    await service.start();
    if (name === 'messages') this.around = { ...this.around, messagesUrl: service.internalUrl };
    if (name === 'auth') this.around = { ...this.around, authUrl: service.internalUrl };
    return service;
  }

  async addGateway({ port = 0, env = {} }: { port?: number; env?: Record<string, string> } = {}) {
    const gateway = this.create(`gateway-${this.gateways.length + 1}`, this.entry('gateway'), {
      ...serviceEnvironment('gateway', { ...this.around, port }),
      ...this.options.env?.gateway,
      ...env,
    });
    // One step of the shutdown for all of them: they drain at the same time.
    if (this.gateways.length === 0) {
      this.closers.add(() => Promise.all(this.gateways.map((each) => each.stop())));
    }
    this.gateways.push(gateway);
    await gateway.start();
    return gateway;
  }

  async addProcess(
    name: string,
    entry: string,
    env: Record<string, string>,
  ): Promise<ServiceProcess> {
    const service = this.create(name, entry, env);
    this.closers.add(() => service.stop());
    await service.start();
    return service;
  }

  pids(): Record<string, number> {
    const others = this.others.toSorted((a, b) => a.name.localeCompare(b.name));
    return Object.fromEntries(
      [...this.gateways, ...others, { name: 'redis', pid: this.redis?.pid }].flatMap(
        ({ name, pid }) => (pid === undefined ? [] : [[name, pid]]),
      ),
    );
  }

  stop(): Promise<void> {
    return this.closers.run();
  }

  private report(line: string): void {
    this.logs.of('launcher').write(`${new Date().toISOString()} ${line}\n`);
    this.options.report?.(line);
  }

  private create(name: string, entry: string, env: Record<string, string>): ServiceProcess {
    this.options.signal?.throwIfAborted();
    if (!existsSync(entry)) throw new LaunchError(`${entry} is missing: npm run build creates it.`);
    return new ServiceProcess({
      name,
      entry,
      env: { ...this.environment, ...env },
      log: this.logs.of(name),
      report: (line) => this.report(line),
      onReady: () => this.noteProcesses(),
    });
  }

  private entry(service: ServiceName): string {
    const { entries = {} } = this.options;
    return entries[service] ?? join(findRoot(), 'apps', service, 'dist', 'main.js');
  }

  private noteProcesses(): void {
    try {
      this.lock?.note(this.pids());
    } catch (error) {
      // A full disk, for example: what runs goes on.
      this.report(`${this.data.dir}/launcher.json is not up to date: ${String(error)}`);
    }
  }
}

async function checkPorts(first: number, count: number): Promise<void> {
  for (let port = first; port < first + count; port += 1) {
    await freePort(port).catch((error: NodeJS.ErrnoException) => {
      throw new LaunchError(
        error.code === 'EADDRINUSE'
          ? `Port ${port} is in use: stop what listens there, or choose another with --port.`
          : `Port ${port} cannot be used: ${error.message}`,
      );
    });
  }
}
