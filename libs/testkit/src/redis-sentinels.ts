import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port';
import { startRedis, type RedisProcess } from './redis-process';
import { dismissGuard } from './guarded-server';
import { spawnRedisServer } from './redis-server-command';
import { waitFor } from './wait-for';

const NAME = 'mymaster';
const SENTINELS = 3;
const QUORUM = 2;
/** More than a busy machine lets a server stand still: nobody but a test is to make another one the primary. */
const DOWN_AFTER_MS = 5_000;

/** A primary with a replica, watched by three sentinels, all on 127.0.0.1. */
export interface RedisSentinels {
  /** In the order in which they were started: the first one is the primary at the beginning. */
  readonly servers: readonly [RedisProcess, RedisProcess];
  readonly sentinelPorts: readonly number[];
  /** `redis+sentinel://…`, what REDIS_URL takes. */
  readonly url: string;
  /** Resolves when the sentinels name this server as the primary. */
  elected(server: RedisProcess): Promise<void>;
  /** Makes the replica the primary while the old one lives on, as its replica; resolves when the sentinels name it. */
  failover(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedisSentinels(): Promise<RedisSentinels> {
  const primary = await startRedis();
  const replica = await startRedis({ settings: ['--replicaof', `127.0.0.1 ${primary.port}`] });
  const dir = mkdtempSync(join(tmpdir(), 'am-sentinel-'));
  const sentinels: ChildProcess[] = [];
  const sentinelPorts: number[] = [];
  for (let n = 0; n < SENTINELS; n += 1) {
    const port = await freePort();
    sentinels.push(startSentinel(join(dir, `sentinel-${n}.conf`), port, primary.port));
    sentinelPorts.push(port);
  }
  const asked = new Redis(sentinelPorts[0] ?? 0, '127.0.0.1', { retryStrategy: () => 100 });
  asked.on('error', () => undefined);

  async function masterPort(): Promise<number> {
    const answer = (await asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[];
    return Number(answer[1]);
  }

  await waitFor(
    async () => {
      const quorum = await asked.call('SENTINEL', 'CKQUORUM', NAME).then(
        (answer) => String(answer),
        () => '',
      );
      const replicas = (await asked
        .call('SENTINEL', 'REPLICAS', NAME)
        .catch(() => [])) as unknown[];
      return (quorum.startsWith(`OK ${SENTINELS}`) && replicas.length > 0) || undefined;
    },
    { timeoutMs: 30_000, describe: 'sentinels that know each other and the replica' },
  );

  return {
    servers: [primary, replica],
    sentinelPorts,
    url: `redis+sentinel://${sentinelPorts.map((port) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    async elected({ port }) {
      await waitFor(async () => (await masterPort()) === port || undefined, {
        timeoutMs: 60_000,
        describe: 'an election',
      });
    },
    async failover() {
      const before = await masterPort();
      // Refused while the sentinel has not heard of the replica for some seconds.
      await waitFor(() => asked.call('SENTINEL', 'FAILOVER', NAME), { timeoutMs: 60_000 });
      await waitFor(async () => (await masterPort()) !== before, {
        timeoutMs: 60_000,
        describe: 'another primary',
      });
    },
    async stop() {
      asked.disconnect();
      await Promise.all(sentinels.map(end));
      await Promise.all([primary, replica].map((server) => server.stop()));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** It keeps what it learns in its configuration, so each has a file of its own. */
function startSentinel(config: string, port: number, primaryPort: number): ChildProcess {
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 10000`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const child = spawnRedisServer([config, '--sentinel']);
  child.stdin?.on('error', () => undefined);
  child.stdout?.resume();
  child.stderr?.resume();
  child.once('exit', () => dismissGuard(child));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
