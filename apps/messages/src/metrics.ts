import { PUSH_PLATFORMS, type PushPlatform } from '@agent-messenger/contracts';
import { beginAtZero } from '@agent-messenger/service-kit';
import { statfs, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { postgresMetrics } from './postgres-metrics';
import { reserveMetrics } from './storage/disk-reserve';
import { QuotaRefusals } from './storage/quota-refusals';
import { backupTimes } from './store/sqlite/backup/last-backup';

/** All that this service measures, each part registered by the part that measures it. */
export function createMetrics(registry: Registry): void {
  operationMetrics(registry);
  attemptMetrics(registry);
  commitMetrics(registry, () => 0);
  relayMetrics(registry, async () => ({ events: 0, seconds: 0 }));
  pushConsumerMetrics(registry, async () => 0);
  pushQueueMetrics(registry, { measure: async () => 0, maxBytes: 1 });
  pushBacklogMetrics(registry, async () => 0);
  storeMetrics(registry, '.');
  readerMetrics(registry, () => 0);
  postgresMetrics(registry, {
    pool: { totalCount: 0, idleCount: 0, waitingCount: 0 },
    ask: async () => ({ oldest_s: 0, behind: 0, bytes: 0 }),
  });
  reserveMetrics(registry, { reserveBytes: 0, isLow: () => false });
  new QuotaRefusals(registry);
}

export type OperationMetrics = ReturnType<typeof operationMetrics>;

export function operationMetrics(registry: Registry) {
  return {
    operations: new Counter({
      name: 'messages_operations_total',
      help: 'Sends, edits, positions and so on that gateways appended, by kind and outcome: ok, duplicate or an error code.',
      labelNames: ['op', 'outcome'],
      registers: [registry],
    }),
  };
}

export function attemptMetrics(registry: Registry) {
  return {
    suspects: new Counter({
      name: 'messages_suspect_deliveries_total',
      help: 'Events under way at the third or a later break of their agent’s connection: retried, or handed_over as failed.',
      labelNames: ['outcome'],
      registers: [registry],
    }),
  };
}

export function commitMetrics(registry: Registry, waiting: () => number) {
  const registers = [registry];
  new Gauge({
    name: 'messages_append_waiting_operations',
    help: 'Operations that wait for the transaction under way to end.',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  return {
    batchSize: new Histogram({
      name: 'messages_append_batch_operations',
      help: 'Operations that shared one transaction.',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000],
      registers,
    }),
    seconds: new Histogram({
      name: 'messages_append_seconds',
      help: 'Time from the begin of an append transaction to the end of its commit.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
  };
}

export function relayMetrics(
  registry: Registry,
  lag: () => Promise<{ events: number; seconds: number }>,
) {
  const registers = [registry];
  new Gauge({
    name: 'messages_relay_lag_events',
    help: 'Committed events that are not relayed yet.',
    registers,
    async collect() {
      this.set((await lag()).events);
    },
  });
  new Gauge({
    name: 'messages_relay_lag_seconds',
    help: 'Age of the oldest committed event that is not relayed yet; 0 when there is none.',
    registers,
    async collect() {
      this.set((await lag()).seconds);
    },
  });
  return {
    relayed: new Counter({
      name: 'messages_relayed_events_total',
      help: 'Events of the log that the relay has passed on, whether anyone was connected or not.',
      registers,
    }),
  };
}

export function pushConsumerMetrics(registry: Registry, lagSeconds: () => Promise<number>) {
  const registers = [registry];
  new Gauge({
    name: 'messages_push_lag_seconds',
    help: 'Age of the oldest event for which it is not decided yet who needs a push; PUSH_GRACE_MS of it is wanted.',
    registers,
    async collect() {
      this.set(await lagSeconds());
    },
  });
  return {
    queued: new Counter({
      name: 'messages_push_jobs_total',
      help: 'Pushes handed to the queue; those about what a waiting job tells already are dropped there.',
      labelNames: ['platform'],
      registers,
    }),
    parked: beginAtZero(
      new Counter({
        name: 'messages_push_parked_total',
        help: 'Pushes that waited in the store because their queue was full.',
        labelNames: ['platform'],
        registers,
      }),
      'platform',
      PUSH_PLATFORMS,
    ),
  };
}

/** @param measure bytes of a queue; without an answer of Redis the last one is told */
export function pushQueueMetrics(
  registry: Registry,
  { measure, maxBytes }: { measure: (platform: PushPlatform) => Promise<number>; maxBytes: number },
): void {
  function gauge(name: string, help: string, unit: number): void {
    const made = new Gauge({
      ...{ name, help, labelNames: ['platform'], registers: [registry] },
      async collect() {
        for (const platform of PUSH_PLATFORMS) {
          const taken = await measure(platform).catch(() => undefined);
          if (taken !== undefined) this.set({ platform }, taken / unit);
        }
      },
    });
    for (const platform of PUSH_PLATFORMS) made.set({ platform }, 0);
  }
  gauge(
    'messages_push_queue_bytes',
    'Memory of Redis that the push queue takes, what is done and dead letters included, bytes, measured by samples.',
    1,
  );
  gauge(
    'messages_push_queue_fill_ratio',
    'messages_push_queue_bytes as a part of what the queue may take, a third of PUSH_QUEUE_MAX_BYTES; from 1 on pushes wait in the store.',
    maxBytes,
  );
}

export function pushBacklogMetrics(registry: Registry, devices: () => Promise<number>): void {
  new Gauge({
    name: 'messages_push_waiting_devices',
    help: 'Devices whose pushes wait in the store: they cannot be reached, or their queue is full.',
    registers: [registry],
    async collect() {
      this.set(await devices());
    },
  });
}

export function readerMetrics(registry: Registry, waiting: () => number): void {
  new Gauge({
    name: 'messages_reads_waiting',
    help: 'Reads that wait for a reader thread.',
    registers: [registry],
    collect() {
      this.set(waiting());
    },
  });
}

/** @param path of the database; its WAL is beside it */
export function storeMetrics(registry: Registry, path: string): void {
  const registers = [registry];
  new Gauge({
    name: 'messages_sqlite_bytes',
    help: 'Size of the database file, without its write-ahead log.',
    registers,
    async collect() {
      this.set(await sizeOf(path));
    },
  });
  // A WAL that only grows means that something reads for ever and no checkpoint gets through.
  new Gauge({
    name: 'messages_sqlite_wal_bytes',
    help: 'Size of the write-ahead log.',
    registers,
    async collect() {
      this.set(await sizeOf(`${path}-wal`));
    },
  });
  new Gauge({
    name: 'messages_backup_age_seconds',
    help: 'Time since the last verified backup of the store; where there never was one, since the store was made. Below 0: the clock was set back since.',
    registers,
    collect() {
      // "Never" grows old and is noticed, too.
      const { last, store } = backupTimes(path);
      const at = last ?? store;
      this.set(at === null ? 0 : (Date.now() - at.getTime()) / 1_000);
    },
  });
  new Gauge({
    name: 'messages_disk_free_bytes',
    help: 'Room for this process on the file system of the database.',
    registers,
    async collect() {
      const { bavail, bsize } = await statfs(dirname(path));
      this.set(bavail * bsize);
    },
  });
  new Gauge({
    name: 'messages_disk_size_bytes',
    help: 'Size of the file system of the database.',
    registers,
    async collect() {
      const { blocks, bsize } = await statfs(dirname(path));
      this.set(blocks * bsize);
    },
  });
}

/** The database file with its write-ahead log. */
export async function storeBytes(path: string): Promise<number> {
  return (await sizeOf(path)) + (await sizeOf(`${path}-wal`));
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
