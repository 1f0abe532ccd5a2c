import { findOnPath } from './find-on-path.mjs';
import { Problem, withHelp } from './problem.mjs';
import { canInstallPackages, installPackages } from './system-packages.mjs';

const servers = ['redis-server', 'valkey-server'];

/** Makes sure that a Redis server can be started: finds one on PATH, or brings it, or says how to. */
export async function ensureRedisServer() {
  if (findOnPath(...servers)) return;
  if (!canInstallPackages()) throw new Problem(help);
  try {
    await installPackages('Redis is not here', ['redis-server']);
  } catch (error) {
    throw withHelp(error, help);
  }
  if (!findOnPath(...servers)) throw new Problem(help);
}

const help = [
  'Redis is needed: neither redis-server nor valkey-server is on PATH. One of these brings it:',
  '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install redis-server',
  '  macOS:           brew install redis',
  '  Docker:          docker run --detach --name agent-messenger-redis --publish 127.0.0.1:6379:6379 \\',
  '                     redis:7 redis-server --appendonly yes --maxmemory-policy noeviction',
  '                   and then: REDIS_URL=redis://127.0.0.1:6379 npm start',
].join('\n');
