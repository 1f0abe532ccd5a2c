import type { ServiceName } from './service-environment';

export interface LauncherOptions {
  /** Default: a temporary folder that `stop` removes. */
  dataDir?: string;
  /** A Redis that already runs; default: an own redis-server. */
  redisUrl?: string;
  queueRedisUrl?: string;
  /** Default: `am` in an own Redis, else a prefix of the data folder's own. */
  redisPrefix?: string;
  /** What messages keeps everything in: a file, the default, or a PostgreSQL of its own. */
  store?: 'sqlite' | 'postgres';
  /** A PostgreSQL that already runs, in the place of an own one. */
  databaseUrl?: string;
  /** Address on which gateways listen; default: loopback, on which they are open to everybody. */
  host?: string;
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
