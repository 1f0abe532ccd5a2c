import { fail, ok, warn, type Finding } from '@agent-messenger/service-kit';
import type { InspectedDatabase } from './inspected-database';

const MEBIBYTE = 2 ** 20;
const SLOT_BYTES = 2 ** 30;

/** @param pool DATABASE_CONNECTIONS, of each of `replicas`, and of one more during an update */
export function connectionFindings(
  found: InspectedDatabase,
  { pool, replicas, pooling }: { pool: number; replicas: number; pooling: string },
): Finding[] {
  const what = 'PostgreSQL connections';
  const limits = [found.role_limit, found.database_limit].filter((limit) => limit >= 0);
  const free = found.max_connections - found.reserved_connections - found.other_connections;
  const room = Math.min(free, ...limits);
  const needed = pool * (replicas + 1);
  const said = `${found.max_connections} at most, room for ${room}, of which ${found.own_connections} are taken`;
  // Behind it one is shared by many clients.
  if (pooling !== 'none') return [ok(what, `${said}; a pooler in ${pooling} mode shares them`)];
  const wanted = `${replicas} replicas with ${pool} each, and one more during an update, take ${needed}`;
  if (room >= needed) return [ok(what, `${said}; ${wanted}`)];
  const advice = 'raise max_connections, lower DATABASE_CONNECTIONS, or put PgBouncer in between';
  return room < pool * replicas
    ? [fail(what, `${said}; ${wanted}`, advice)]
    : [warn(what, `${said}; ${wanted}`, advice)];
}

export function poolingFinding(pooling: 'none' | 'transaction' | 'session'): Finding {
  const what = 'PostgreSQL pooler';
  if (pooling === 'none') return ok(what, 'none');
  return pooling === 'transaction'
    ? ok(what, 'transaction mode')
    : warn(
        what,
        'session mode: every connection of a replica keeps one of the server',
        'pool_mode = transaction, which messages works with',
      );
}

/** The disk itself is the server's: it is seen there. */
export function diskFindings(found: InspectedDatabase): Finding[] {
  const { database_bytes, idle_slots, slot_bytes } = found;
  const held = `${idle_slots ?? ''}: nobody reads, and ${Math.round(slot_bytes / MEBIBYTE)} MiB of WAL are kept for it`;
  const advice =
    'bring back who reads it, or pg_drop_replication_slot(): WAL grows until the disk is full';
  return [
    ok('PostgreSQL size', `${Math.round(database_bytes / MEBIBYTE)} MiB`),
    ...(idle_slots === null
      ? []
      : [(slot_bytes > SLOT_BYTES ? fail : warn)('PostgreSQL replication slots', held, advice)]),
  ];
}

/** Whether a moment between two dumps can be gone back to. */
export function archiveFinding(found: InspectedDatabase): Finding {
  const what = 'PostgreSQL archive';
  if (found.archive_mode === 'off') {
    return warn(
      what,
      'off: what came after the last dump cannot be restored',
      'archive_mode = on with pg_basebackup, or a managed server’s own: docs/postgresql.md, Backup',
    );
  }
  if (found.archive_failing) {
    return fail(
      what,
      'the last file could not be archived',
      'see the log of PostgreSQL: it keeps all WAL until archive_command succeeds, and its disk fills',
    );
  }
  const since = found.archived_s;
  return ok(what, since === null ? 'on, nothing to archive yet' : `${Math.round(since)} s ago`);
}
