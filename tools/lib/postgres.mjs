import { existsSync } from 'node:fs';
import { findOnPath } from './find-on-path.mjs';
import { Problem, withHelp } from './problem.mjs';
import { canInstallPackages, installPackages } from './system-packages.mjs';

/** Debian has one, Ubuntu another, the project's own repository all of them; none is on PATH. */
export const postgresServers = [13, 14, 15, 16, 17, 18, 19].map(
  (version) => `/usr/lib/postgresql/${version}/bin/postgres`,
);

/** Makes sure that a PostgreSQL server can be started: finds one, or brings it, or says how to. */
export async function ensurePostgresServer() {
  if (isHere()) return;
  if (!canInstallPackages()) throw new Problem(help);
  try {
    await installPackages('PostgreSQL is not here', ['postgresql']);
  } catch (error) {
    throw withHelp(error, help);
  }
  if (!isHere()) throw new Problem(help);
}

function isHere() {
  return postgresServers.some((file) => existsSync(file)) || findOnPath('postgres') !== undefined;
}

const help = [
  'PostgreSQL is needed: no server is in /usr/lib/postgresql or on PATH. One of these brings it:',
  '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install postgresql',
  '  macOS:           brew install postgresql',
  '  elsewhere:       DATABASE_URL=postgres://user:password@host/database npm start -- --store postgres',
].join('\n');
