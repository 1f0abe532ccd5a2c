import type { ChildProcess } from 'node:child_process';
import { spawnGuarded } from './guarded-server';

/** redis-server, or valkey-server, that dies with this process. */
export function spawnRedisServer(args: readonly string[]): ChildProcess {
  return spawnGuarded({ programs: ['redis-server', 'valkey-server'], args, endsBy: 'TERM' });
}
