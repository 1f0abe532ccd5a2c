import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where Debian and its relatives keep the programs of each version, none of them on PATH. */
const DEBIAN = '/usr/lib/postgresql';

export interface PostgresPrograms {
  /** Folder of postgres, initdb, pg_basebackup, psql and so on. */
  bin: string;
  /** Major version; undefined when it does not say. */
  version: string | undefined;
}

/** PostgreSQL's server here, the newest one or that of a version; undefined when there is none. */
export function findPostgres(version?: string): PostgresPrograms | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).filter((name) => /^\d+$/.test(name)) : [];
  const found = [
    ...debian
      .sort((a, b) => Number(b) - Number(a))
      .map((name) => ({ bin: join(DEBIAN, name, 'bin'), version: name })),
    ...onPath(),
  ].filter(({ bin }) => existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'initdb')));
  return version === undefined ? found[0] : found.find((each) => each.version === version);
}

function onPath(): PostgresPrograms[] {
  const { stdout } = spawnSync('sh', ['-c', 'command -v postgres && postgres --version'], {
    encoding: 'utf8',
  });
  const [path, printed = ''] = stdout.split('\n');
  if (!path) return [];
  return [{ bin: dirname(path), version: / (\d+)/.exec(printed)?.[1] }];
}
