import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRoot } from '../find-root';
import { freePort } from '../free-port';
import { startPostgres, type PostgresProcess } from '../postgres/postgres-process';
import { startRedis, type RedisProcess } from '../redis-process';
import { checkRedis, tlsOf } from './check-redis';
import { Closers } from './closers';
import { openDataFolder, type DataFolder } from './data-folder';
import { lockFolder, type FolderLock, type StackAddresses } from './folder-lock';
import { LaunchError } from './launch-error';
import type { LauncherOptions } from './launcher-options';
import { LogFolder } from './log-folder';
import {
  inherited,
  serviceEnvironment,
  type ServiceName,
  type StackSettings,
} from './service-environment';
import { ServiceProcess } from './service-process';
import { superviseServer } from './supervise-server';

/** The parts of a stack in the making; `startStack` calls them in the order in which they depend on each other. */
export class Launcher {
  readonly data: DataFolder;
  readonly logs: LogFolder;
  readonly gateways: ServiceProcess[] = [];
  redis: RedisProcess | undefined;
  postgres: PostgresProcess | undefined;
  private readonly others: ServiceProcess[] = [];
  private readonly closers = new Closers();
  private readonly environment: Record<string, string>;
  private lock: FolderLock | undefined;
  private settings: StackSettings;
  private hasPublicAdmin = false;

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
    const host = options.host === undefined ? {} : { host: options.host };
    this.settings = {
      data,
      environment,
      ...host,
      redisUrl: '',
      queueRedisUrl: '',
      redisPrefix: '',
    };
  }

  /** Refuses a data folder or a port that is in use before anything has been started. */
  async claim(port: number, gateways: number): Promise<void> {
    const file = this.data.file('launcher.json');
    this.lock = await lockFolder(this.data.dir, file, (line) => this.report(line));
    this.closers.add(() => this.lock?.release());
    if (port !== 0) await checkPorts(port, gateways, this.options.host);
  }

  async startRedis(): Promise<{ redisUrl: string; redisPrefix: string }> {
    this.options.signal?.throwIfAborted();
    const { redisUrl: given, queueRedisUrl, redisPrefix } = this.options;
    if (given === undefined) {
      const dir = this.data.file('redis');
      const password = this.data.redisPassword();
      this.redis = await this.supervise('redis', (hooks) =>
        startRedis({ dir, password, ...hooks }),
      );
      this.noteProcesses();
    }
    const prefix = redisPrefix ?? (given === undefined ? 'am' : this.data.redisPrefix());
    const tls = tlsOf(this.environment);
    for (const [setting, url] of [
      ['REDIS_URL', given],
      ['QUEUE_REDIS_URL', queueRedisUrl],
    ] as const) {
      const channels = setting === 'REDIS_URL';
      if (url !== undefined) await checkRedis(setting, { url, tls }, { prefix, channels });
    }
    const redisUrl = given ?? this.redis?.url ?? '';
    this.settings = {
      ...this.settings,
      redisUrl,
      queueRedisUrl: queueRedisUrl ?? redisUrl,
      redisPrefix: prefix,
    };
    return { redisUrl, redisPrefix: this.settings.redisPrefix };
  }

  /** Nothing to do with the store in a file. */
  async startDatabase(): Promise<void> {
    this.options.signal?.throwIfAborted();
    const { store = 'sqlite', databaseUrl } = this.options;
    this.data.noteStore(store);
    if (store === 'sqlite') return;
    let url = databaseUrl;
    if (url === undefined) {
      const dir = this.data.file('postgres');
      const password = this.data.postgresPassword();
      const durable = this.options.dataDir !== undefined;
      this.postgres = await this.supervise('postgres', (hooks) =>
        startPostgres({ dir, password, durable, ...hooks }),
      );
      this.noteProcesses();
      url = this.postgres.url;
    }
    this.settings = { ...this.settings, databaseUrlFile: this.data.writeDatabaseUrl(url) };
  }

  private async supervise<S extends RedisProcess | PostgresProcess>(
    name: string,
    begin: Parameters<typeof superviseServer<S>>[0]['begin'],
  ): Promise<S> {
    const server = await superviseServer({
      ...{ name, begin },
      log: this.logs.of(name),
      report: (line) => this.report(line),
      onReady: () => this.noteProcesses(),
    });
    this.closers.add(() => server.stop());
    return server;
  }

  /** Replicas of messages, which the others know all of. */
  async startMessages(replicas: number): Promise<ServiceProcess[]> {
    const started: ServiceProcess[] = [];
    for (let n = 1; n <= replicas; n += 1) {
      started.push(await this.startService('messages', n === 1 ? 'messages' : `messages-${n}`));
    }
    const urls = started.map(({ internalUrl }) => internalUrl);
    this.settings = { ...this.settings, messagesUrl: urls.join(',') };
    return started;
  }

  async startService(
    name: Exclude<ServiceName, 'gateway'>,
    as: string = name,
  ): Promise<ServiceProcess> {
    const env = { ...serviceEnvironment(name, this.settings), ...this.options.env?.[name] };
    const service = this.create(as, this.entry(name), env);
    this.others.push(service);
    this.closers.add(() => service.stop());
    await service.start();
    if (name === 'auth') this.settings = { ...this.settings, authUrl: service.internalUrl };
    return service;
  }

  async addGateway({ port = 0, env = {} }: { port?: number; env?: Record<string, string> } = {}) {
    const variables = {
      ...serviceEnvironment('gateway', { ...this.settings, port }),
      ...this.options.env?.gateway,
      ...env,
    };
    this.hasPublicAdmin = { ...this.environment, ...variables }['ADMIN_ROUTES'] === 'public';
    const name = `gateway-${this.gateways.length + 1}`;
    const gateway = this.create(name, this.entry('gateway'), variables);
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
      [...this.gateways, ...others, ...this.servers()].flatMap(({ name, pid }) =>
        pid === undefined ? [] : [[name, pid]],
      ),
    );
  }

  private servers(): { name: string; pid: number | undefined }[] {
    return [
      { name: 'postgres', pid: this.postgres?.pid },
      { name: 'redis', pid: this.redis?.pid },
    ];
  }

  /** Undefined before a gateway runs. */
  addresses(): StackAddresses | undefined {
    const running = this.gateways.filter(({ isReady }) => isReady);
    const [first] = running;
    if (!first) return undefined;
    const measured = [...running, ...this.others].filter(({ isReady }) => isReady);
    return {
      gateways: running.map(({ url }) => url),
      admin: this.hasPublicAdmin ? first.url : first.internalUrl,
      internal: first.internalUrl,
      metrics: Object.fromEntries(
        measured.map(({ name, internalUrl }) => [name, `${internalUrl}/metrics`]),
      ),
    };
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
      this.lock?.note(this.pids(), this.addresses());
    } catch (error) {
      // A full disk, for example: what runs goes on.
      this.report(`${this.data.dir}/launcher.json is not up to date: ${String(error)}`);
    }
  }
}

async function checkPorts(first: number, count: number, host?: string): Promise<void> {
  for (let port = first; port < first + count; port += 1) {
    await freePort(port, host).catch((error: NodeJS.ErrnoException) => {
      throw new LaunchError(
        error.code === 'EADDRINUSE'
          ? `Port ${port} is in use: stop what listens there, or choose another with --port.`
          : `Port ${port} cannot be used: ${error.message}`,
      );
    });
  }
}
