import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnGuarded } from '../guarded-server';
import { createServerProcess } from '../server-process';
import { LaunchError } from '../stack/launch-error';
import { createCluster, OWN_NAME, SUPERUSER } from './create-cluster';
import { openDataArgument } from './data-argument';
import { findPostgres } from './find-postgres';
import { serverUser } from './server-user';

export interface PostgresOptions {
  /** Folder of its data, made when it is missing; a temporary one, removed at stop, when absent. */
  dir?: string;
  /** Letters and digits; of both roles, when the folder is made. */
  password?: string;
  /** Whether commits survive a machine that stops; what survives a process is kept either way. Default false. */
  durable?: boolean;
  /** Of postgresql.conf, over what is chosen here. */
  settings?: Record<string, string>;
  /** Gets what the server prints. */
  output?: (text: string) => void;
  /** Told when it ends although nobody stopped it. */
  onCrash?: (reason: string) => void;
}

export interface PostgresProcess {
  /** What DATABASE_URL takes: the role `messenger` in its own database, without any privilege besides. */
  readonly url: string;
  /** Of the superuser, in a database that always is there. */
  readonly adminUrl: string;
  readonly port: number;
  readonly dir: string;
  /** Of its first process; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Ends it in good order (connections are cut), and starts it on the same port. */
  restart(): Promise<void>;
  /** Ends all its processes at once, without a checkpoint: as a crash does. `start` brings it back on the same port. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Nothing waits for the disk. */
const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off' };

/** A real PostgreSQL on a free port of 127.0.0.1 that dies with this process. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresProcess> {
  const temporary = options.dir === undefined ? makeParent() : undefined;
  const dir = options.dir ?? join(temporary ?? '', 'data');
  const password = options.password ?? 'messenger';
  const programs = findPostgres(versionOf(dir));
  if (!programs) throw new LaunchError(`postgres did not start: ${missing(versionOf(dir))}`);
  const { durable = false } = options;
  if (!existsSync(join(dir, 'PG_VERSION'))) {
    await createCluster(programs, { dir, password, durable });
  }

  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '64MB',
    ...(durable ? {} : NOT_DURABLE),
    ...options.settings,
  };
  const user = serverUser();
  const server = createServerProcess({
    name: 'postgres',
    spawn(port) {
      const data = openDataArgument(user, dir);
      const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const child = spawnGuarded({
        programs: [join(programs.bin, 'postgres')],
        args: ['-D', data.path, '-p', `${port}`, ...given],
        endsBy: 'INT',
        stdio: data.stdio,
        user,
      });
      data.close();
      return child;
    },
    readyWhen: 'database system is ready to accept',
    missing: missing(),
    output: options.output,
    onCrash: options.onCrash,
  });
  const urlOf = (role: string, database: string): string =>
    `postgres://${role}:${password}@127.0.0.1:${server.port}/${database}`;

  await server.start();
  return {
    get url() {
      return urlOf(OWN_NAME, OWN_NAME);
    },
    get adminUrl() {
      return urlOf(SUPERUSER, SUPERUSER);
    },
    get port() {
      return server.port;
    },
    get pid() {
      return server.pid;
    },
    dir,
    start: () => server.start(),
    async restart() {
      await server.end('SIGINT');
      await server.start();
    },
    kill: () => server.end('SIGQUIT'),
    async stop() {
      await server.end('SIGINT');
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    },
  };
}

function makeParent(): string {
  return mkdtempSync(join(tmpdir(), 'am-postgres-'));
}

/** The major version that the data of a folder are for. */
function versionOf(dir: string): string | undefined {
  const file = join(dir, 'PG_VERSION');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

function missing(version?: string): string {
  const which = version === undefined ? '' : ` of version ${version}, which the data are for,`;
  return `no PostgreSQL server${which} is in /usr/lib/postgresql/*/bin or on PATH`;
}
