import type { Finding } from './check';
import { fail, ok, warn } from './check';

/** Of Redis, and of Valkey before it calls itself by a version of its own. */
const MIN_VERSION = 7;
const NEAR_THE_LIMIT = 0.8;

export type Info = Record<string, string | undefined>;

export function parseInfo(text: string): Info {
  return Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(':') && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/**
 * What a server says of itself that will hurt. Fields, and not names, are what is judged: Valkey has all of these, and
 * hosted ones leave some away.
 * @param isQueue a queue must keep what it was given, the rest may be forgotten
 */
export function judgeInfo(setting: string, info: Info, isQueue: boolean): Finding[] {
  return [
    ...versionOf(setting, info),
    ...standingOf(setting, info),
    ...(isQueue ? queueRules(setting, info) : []),
    ...evictionsOf(setting, info, isQueue),
    ...snapshotOf(setting, info),
    ...memoryOf(setting, info),
    ...clientsOf(setting, info),
  ];
}

/** Valkey goes on saying `redis_version:7.2.4` for those who ask, and tells its own beside. */
function versionOf(setting: string, info: Info): Finding[] {
  const what = `${setting} version`;
  const { redis_version: redis, server_name: name, valkey_version: valkey } = info;
  const version = valkey ?? redis;
  if (version === undefined) {
    return [warn(what, 'it does not say', `make sure that it is as good as Redis ${MIN_VERSION}`)];
  }
  const found =
    valkey === undefined && name === undefined ? version : `${name ?? 'valkey'} ${version}`;
  return Number.parseInt(version, 10) >= MIN_VERSION
    ? [ok(what, found)]
    : [fail(what, found, `upgrade it to ${MIN_VERSION} or newer`)];
}

/** A replica takes no writes; scripts and pub/sub are not made for a cluster; a Sentinel stores nothing. */
function standingOf(setting: string, info: Info): Finding[] {
  const what = `${setting} role`;
  const mode = info['redis_mode'] ?? info['server_mode'];
  if (mode === 'sentinel') {
    const advice = 'name it as redis+sentinel://HOST:PORT/NAME, and the primary is found by it';
    return [fail(what, 'sentinel', advice)];
  }
  if (info['role'] === 'slave' || info['role'] === 'replica') {
    return [fail(what, 'replica', 'name the primary, its sentinels, or a proxy that follows it')];
  }
  if (info['cluster_enabled'] === '1') {
    return [fail(what, 'cluster', 'use a Redis that is none')];
  }
  return [];
}

function queueRules(setting: string, info: Info): Finding[] {
  const { maxmemory_policy: policy = 'unknown', aof_enabled } = info;
  return [
    policy === 'noeviction'
      ? ok(`${setting} eviction`, policy)
      : fail(`${setting} eviction`, policy, 'set maxmemory-policy noeviction: jobs would vanish'),
    aof_enabled === '1'
      ? ok(`${setting} persistence`, 'append-only file')
      : warn(
          `${setting} persistence`,
          'no append-only file',
          'set appendonly yes: a restart would lose pushes that wait',
        ),
  ];
}

/** Of leases and presence: who is evicted is offline for everybody, and gets its events late. */
function evictionsOf(setting: string, info: Info, isQueue: boolean): Finding[] {
  const what = `${setting} evicted`;
  const evicted = Number(info['evicted_keys'] ?? 0);
  if (evicted === 0) return [];
  const found = `${evicted} keys since its start`;
  return isQueue
    ? [fail(what, found, 'jobs may be gone: set maxmemory-policy noeviction, give it memory')]
    : [fail(what, found, 'leases vanish and events come late: give it memory, or one of its own')];
}

function snapshotOf(setting: string, info: Info): Finding[] {
  const failed = [
    info['rdb_last_bgsave_status'] === 'err' ? 'the last snapshot failed' : undefined,
    info['aof_last_write_status'] === 'err' ? 'the append-only file cannot be written' : undefined,
    info['aof_last_bgrewrite_status'] === 'err'
      ? 'the append-only file cannot be rewritten'
      : undefined,
  ].filter((one) => one !== undefined);
  return failed.map((found) =>
    fail(
      `${setting} disk`,
      found,
      'it refuses writes until it can: free its disk, see the log of Redis',
    ),
  );
}

function memoryOf(setting: string, info: Info): Finding[] {
  const what = `${setting} memory`;
  const used = Number(info['used_memory']);
  const max = Number(info['maxmemory'] ?? 0);
  if (Number.isNaN(used)) return [];
  const found = `${mebibytes(used)}${max > 0 ? ` of ${mebibytes(max)}` : ', no limit'}`;
  if (max > 0 && used >= max) {
    return [fail(what, found, 'it is full: raise maxmemory, or find out who fills it')];
  }
  return max > 0 && used > max * NEAR_THE_LIMIT
    ? [warn(what, found, 'give it more memory: beyond the limit every write fails')]
    : [ok(what, found)];
}

function clientsOf(setting: string, info: Info): Finding[] {
  const what = `${setting} clients`;
  const clients = Number(info['connected_clients']);
  const max = Number(info['maxclients'] ?? 0);
  if (Number.isNaN(clients) || max === 0) return [];
  const found = `${clients} of ${max}`;
  return clients > max * NEAR_THE_LIMIT
    ? [warn(what, found, 'raise maxclients: docs/redis.md says how many connections are needed')]
    : [ok(what, found)];
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
