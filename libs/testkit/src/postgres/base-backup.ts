import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LaunchError } from '../stack/launch-error';
import { findPostgres } from './find-postgres';
import type { PostgresProcess } from './postgres-process';
import { giveTo, serverUser } from './server-user';

const run = promisify(execFile);

/**
 * Copies a server's data, while it is in use, to a folder that is not there yet, which `startPostgres` takes. With
 * `follow` that server is a standby of this one.
 */
export async function takeBaseBackup(
  server: Pick<PostgresProcess, 'adminUrl'>,
  dir: string,
  { follow = false } = {},
): Promise<void> {
  const programs = findPostgres();
  if (!programs) throw new LaunchError('there is no pg_basebackup');
  await run(join(programs.bin, 'pg_basebackup'), [
    ...['--dbname', server.adminUrl, '--pgdata', dir, '--checkpoint=fast', '--no-sync'],
    ...(follow ? ['--write-recovery-conf'] : []),
  ]);
  giveTo(serverUser(), dir);
}
