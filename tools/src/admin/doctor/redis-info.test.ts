import { judgeInfo, parseInfo } from './redis-info';

/** What servers answer to INFO, shortened to what is looked at. */
const REDIS = [
  '# Server',
  'redis_version:7.0.15',
  'redis_mode:standalone',
  '# Clients',
  'connected_clients:20',
  'maxclients:10000',
  '# Memory',
  'used_memory:1048576',
  'maxmemory:0',
  'maxmemory_policy:noeviction',
  '# Persistence',
  'rdb_last_bgsave_status:ok',
  'aof_enabled:1',
  'aof_last_write_status:ok',
  '# Stats',
  'evicted_keys:0',
  '# Replication',
  'role:master',
  '# Cluster',
  'cluster_enabled:0',
].join('\r\n');

const VALKEY = REDIS.replace(
  'redis_version:7.0.15\r\nredis_mode:standalone',
  'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.3\r\nserver_mode:standalone',
);

const failuresOf = (text: string, isQueue = true) =>
  judgeInfo('R', parseInfo(text), isQueue)
    .filter(({ level }) => level !== 'ok')
    .map(({ level, what, found }) => `${level} ${what}: ${found}`);

test('nothing is wrong with a Redis, nor with a Valkey, which is told by its own version', () => {
  expect(failuresOf(REDIS)).toEqual([]);
  expect(failuresOf(VALKEY)).toEqual([]);
  const [version] = judgeInfo('R', parseInfo(VALKEY), true);
  expect(version).toMatchObject({ what: 'R version', found: 'valkey 8.1.3' });
});

test.each([
  ['redis_version:7.0.15', 'redis_version:6.2.1', 'fail R version: 6.2.1'],
  ['role:master', 'role:slave', 'fail R role: replica'],
  ['role:master', 'role:replica', 'fail R role: replica'],
  ['redis_mode:standalone', 'redis_mode:sentinel', 'fail R role: sentinel'],
  ['redis_mode:standalone', 'server_mode:sentinel', 'fail R role: sentinel'],
  ['cluster_enabled:0', 'cluster_enabled:1', 'fail R role: cluster'],
  [
    'rdb_last_bgsave_status:ok',
    'rdb_last_bgsave_status:err',
    'fail R disk: the last snapshot failed',
  ],
  [
    'aof_last_write_status:ok',
    'aof_last_write_status:err',
    'fail R disk: the append-only file cannot be written',
  ],
  ['maxmemory:0', 'maxmemory:1048576', 'fail R memory: 1 MiB of 1 MiB'],
  ['maxmemory:0', 'maxmemory:1258291', 'warn R memory: 1 MiB of 1 MiB'],
  ['maxclients:10000', 'maxclients:24', 'warn R clients: 20 of 24'],
  ['noeviction', 'allkeys-lru', 'fail R eviction: allkeys-lru'],
  ['aof_enabled:1', 'aof_enabled:0', 'warn R persistence: no append-only file'],
  ['evicted_keys:0', 'evicted_keys:7', 'fail R evicted: 7 keys since its start'],
])('%s → %s', (is, becomes, finding) => {
  expect(failuresOf(REDIS.replace(is, becomes))).toEqual([finding]);
});

test('the live Redis may evict by its policy, and is told when it did', () => {
  const evicting = REDIS.replace('noeviction', 'allkeys-lru');
  expect(failuresOf(evicting, false)).toEqual([]);
  expect(failuresOf(evicting.replace('evicted_keys:0', 'evicted_keys:1'), false)).toEqual([
    'fail R evicted: 1 keys since its start',
  ]);
});

test('a hosted one that tells little is judged by what it tells', () => {
  expect(failuresOf('redis_version:7.4.0\r\nrole:master', false)).toEqual([]);
});
