import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnGuarded } from '../guarded-server';
import { createServerProcess } from '../server-process';
import { giveTo, serverUser } from './server-user';

const PROGRAM = '/usr/sbin/pgbouncer';

export interface PgBouncerProcess {
  /** As that of the server behind it. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export function hasPgBouncer(): boolean {
  return existsSync(PROGRAM);
}

/**
 * A real PgBouncer before this server, on a free port of 127.0.0.1, that dies with this process. In transaction mode:
 * each transaction of a client may have another connection of the server, of which there are at most `poolSize`; or
 * each client keeps one.
 */
export async function startPgBouncer(
  url: string,
  {
    poolSize = 20,
    poolMode = 'transaction',
  }: { poolSize?: number; poolMode?: 'transaction' | 'session' } = {},
): Promise<PgBouncerProcess> {
  const target = new URL(url);
  const user = serverUser();
  const dir = mkdtempSync(join(tmpdir(), 'am-pgbouncer-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const known = file('users', `"${target.username}" "${target.password}"\n`);

  const server = createServerProcess({
    name: 'pgbouncer',
    spawn(port) {
      const settings = {
        ...{ listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '' },
        ...{ auth_type: 'scram-sha-256', auth_file: known },
        ...{ pool_mode: poolMode, default_pool_size: poolSize },
        // Its default, 15 s, is longer than a failover takes.
        server_login_retry: 1,
      };
      const config = file(
        'pgbouncer.ini',
        [
          '[databases]',
          `* = host=${target.hostname} port=${target.port}`,
          '[pgbouncer]',
          ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
          '',
        ].join('\n'),
      );
      giveTo(user, dir);
      return spawnGuarded({ programs: [PROGRAM], args: [config], endsBy: 'TERM', user });
    },
    readyWhen: 'process up: PgBouncer',
    missing: `${PROGRAM} is missing`,
  });
  await server.start();
  return {
    get url() {
      return url.replace(`:${target.port}/`, `:${server.port}/`);
    },
    get port() {
      return server.port;
    },
    async stop() {
      await server.end('SIGTERM');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
