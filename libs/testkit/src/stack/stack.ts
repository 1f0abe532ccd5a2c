import type { PostgresProcess } from '../postgres/postgres-process';
import type { RedisProcess } from '../redis-process';
import type { StackAddresses } from './folder-lock';
import { LaunchError } from './launch-error';
import { Launcher } from './launcher';
import type { LauncherOptions } from './launcher-options';
import type { ServiceProcess } from './service-process';

export interface StackOptions extends LauncherOptions {
  /** Default 1. */
  gateways?: number;
  /** Replicas of messages, default 1; more need the store `postgres`. */
  messages?: number;
  /** Public port of the first gateway, the others follow; 0, the default, is any free port. */
  port?: number;
}

export type GatewayHandle = ServiceProcess;
export type StackPostgres = Omit<PostgresProcess, 'stop'>;
export type StackRedis = Omit<RedisProcess, 'stop'>;

export interface Stack {
  readonly dataDir: string;
  readonly adminKey: string;
  readonly gateways: readonly GatewayHandle[];
  /** Where the admin routes are. */
  readonly adminUrl: string;
  /** URL of the metrics of each process, by its name. */
  readonly metrics: Record<string, string>;
  readonly auth: ServiceProcess;
  readonly messages: ServiceProcess;
  /** All of messages. */
  readonly replicas: readonly ServiceProcess[];
  /** The stack's own PostgreSQL; throws when there is none. */
  readonly postgres: StackPostgres;
  readonly pushWorker: ServiceProcess;
  readonly redisUrl: string;
  readonly redisPrefix: string;
  /** The stack's own Redis; throws when it was given one. */
  readonly redis: StackRedis;
  /** Of what runs now, by name: gateway-1, …, auth, messages, push-worker, postgres, redis. */
  pids(): Record<string, number>;
  addGateway(options?: { port?: number; env?: Record<string, string> }): Promise<GatewayHandle>;
  /** A further process under the same supervision, stopped before the gateways. */
  addProcess(name: string, entry: string, env: Record<string, string>): Promise<ServiceProcess>;
  /** What a process has printed: a service by name, `redis`, or `launcher` for the reports. */
  logs(name: string): string;
  /** Gateways drain first, then push-worker, auth, messages; Redis ends last. */
  stop(): Promise<void>;
}

/** Starts the whole system as real processes. Behind `npm start`, the stack tests and the bench. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { gateways = 1, port = 0, signal } = options;
  const launcher = new Launcher(options);
  const abort = (): void => {
    // Its failure is the failure of the start, which stops once more below.
    launcher.stop().catch(() => undefined);
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await launcher.claim(port, gateways);
    const { redisUrl, redisPrefix } = await launcher.startRedis();
    await launcher.startDatabase();
    const replicas = await launcher.startMessages(options.messages ?? 1);
    const [messages] = replicas;
    if (!messages) throw new LaunchError('a stack has at least one messages');
    const startGateways = () =>
      Promise.all(
        Array.from({ length: gateways }, (_, n) =>
          launcher.addGateway({ port: port === 0 ? 0 : port + n }),
        ),
      );
    const starting = launcher.startService('auth');
    const [auth, pushWorker] = await Promise.all([
      starting,
      launcher.startService('push-worker'),
      starting.then(startGateways),
    ]);
    signal?.throwIfAborted();
    return {
      dataDir: launcher.data.dir,
      adminKey: launcher.data.secret('admin_api_key'),
      gateways: launcher.gateways,
      get adminUrl() {
        return addressesOf(launcher).admin;
      },
      get metrics() {
        return addressesOf(launcher).metrics;
      },
      auth,
      messages,
      replicas,
      get postgres() {
        if (!launcher.postgres) throw new Error('this stack has no PostgreSQL of its own');
        return launcher.postgres;
      },
      pushWorker,
      redisUrl,
      redisPrefix,
      get redis() {
        if (!launcher.redis) throw new Error('this stack was given its Redis');
        return launcher.redis;
      },
      pids: () => launcher.pids(),
      addGateway: (own) => launcher.addGateway(own),
      addProcess: (name, entry, env) => launcher.addProcess(name, entry, env),
      logs: (name) => launcher.logs.read(name),
      stop: () => launcher.stop(),
    };
  } catch (error) {
    await launcher.stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function addressesOf(launcher: Launcher): StackAddresses {
  const addresses = launcher.addresses();
  if (!addresses) throw new Error('a stack has at least one gateway');
  return addresses;
}
