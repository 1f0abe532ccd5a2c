import { Redis } from 'ioredis';
import type { Finding } from './check';
import { fail, ok, warn } from './check';
import { compareClocks } from './clock';

const DEADLINE_MS = 5_000;
const MIN_VERSION = 7;

/** @param role what the Redis is used for: a queue must keep what it was given, the rest may be forgotten */
export async function checkRedis(
  setting: 'REDIS_URL' | 'QUEUE_REDIS_URL',
  url: string,
  { isQueue }: { isQueue: boolean },
): Promise<Finding[]> {
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
    return [
      fail(setting, 'is no URL of a Redis', 'use redis://user:password@host:6379 or rediss://'),
    ];
  }
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: DEADLINE_MS,
    commandTimeout: DEADLINE_MS,
  });
  let problem = 'no answer';
  redis.on('error', (error) => (problem = error.message));
  try {
    await redis.connect();
    const info = parseInfo(await redis.info());
    const before = Date.now();
    const [seconds, micros] = await redis.time();
    const clock = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    return [
      ...versionOf(setting, info),
      ...standingOf(setting, info),
      ...(isQueue ? queueRules(setting, info) : []),
      memoryOf(setting, info),
      compareClocks(`${setting} clock`, clock, { before, after: Date.now() }, 1),
    ];
  } catch (error) {
    const reason = (error as Error).message === 'Connection is closed.' ? problem : String(error);
    return [fail(setting, reason, adviceFor(reason))];
  } finally {
    // One that has ended already would wait 2 s for its end.
    if (redis.status !== 'end') redis.disconnect();
  }
}

function adviceFor(reason: string): string {
  if (/NOAUTH|WRONGPASS/.test(reason)) return 'correct user and password in the URL';
  if (reason.includes('NOPERM')) return 'give the user the rights that docs/operations.md lists';
  return 'check address, redis:// or rediss://, and network policy';
}

type Info = Record<string, string | undefined>;

function parseInfo(text: string): Info {
  return Object.fromEntries(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

function versionOf(setting: string, { redis_version = '0' }: Info): Finding[] {
  const what = `${setting} version`;
  return Number.parseInt(redis_version, 10) >= MIN_VERSION
    ? [ok(what, redis_version)]
    : [fail(what, redis_version, `upgrade Redis to ${MIN_VERSION} or newer`)];
}

/** A replica takes no writes; scripts and pub/sub are not made for a cluster. */
function standingOf(setting: string, { role, cluster_enabled }: Info): Finding[] {
  const what = `${setting} role`;
  if (role === 'slave') return [fail(what, 'replica', 'name the primary')];
  if (cluster_enabled === '1') return [fail(what, 'cluster', 'use a Redis that is none')];
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

function memoryOf(setting: string, { used_memory, maxmemory }: Info): Finding {
  const what = `${setting} memory`;
  const used = Number(used_memory);
  const max = Number(maxmemory);
  const found = `${mebibytes(used)}${max > 0 ? ` of ${mebibytes(max)}` : ', no limit'}`;
  return max > 0 && used > max * 0.8
    ? warn(what, found, 'give it more memory: beyond the limit every write fails')
    : ok(what, found);
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
