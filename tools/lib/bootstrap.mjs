import { join } from 'node:path';
import { checkNode } from './check-node.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { nx, nxEnv } from './nx.mjs';
import { ensurePostgresServer } from './postgres.mjs';
import { ensureRedisServer } from './redis.mjs';
import { runStep } from './run-step.mjs';
import { root } from './workspace.mjs';

/**
 * From a clean clone to something that can run: dependencies installed, everything built, Redis and PostgreSQL
 * found or brought. Each part does nothing when it is already true. `quiet` speaks only of what takes long.
 */
export async function bootstrap({ redis, postgres = false, quiet = false }) {
  checkNode();
  const waiting = () =>
    process.stderr.write('Waiting for another command that installs or builds here …\n');
  await withLock(join(root, '.nx', 'bootstrap.lock'), waiting, async () => {
    if (redis) await ensureRedisServer();
    if (postgres) await ensurePostgresServer();
    await ensureDependencies({ quiet });
    const build = nx('run-many', '-t', 'build', '--outputStyle=static');
    await runStep('Building', process.execPath, build, { env: nxEnv, quiet });
  });
}
