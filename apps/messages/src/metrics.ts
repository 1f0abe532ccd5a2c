import { statfs, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** All that this service measures, each part registered by the part that measures it. */
export function createMetrics(registry: Registry): void {
  operationMetrics(registry);
  commitMetrics(registry, () => 0);
  relayMetrics(registry, { events: async () => 0, seconds: async () => 0 });
  pushConsumerMetrics(registry, async () => 0);
  storeMetrics(registry, '.');
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
  lag: { events(): Promise<number>; seconds(): Promise<number> },
) {
  const registers = [registry];
  new Gauge({
    name: 'messages_relay_lag_events',
    help: 'Committed events that are not relayed yet.',
    registers,
    async collect() {
      this.set(await lag.events());
    },
  });
  new Gauge({
    name: 'messages_relay_lag_seconds',
    help: 'Age of the oldest committed event that is not relayed yet; 0 when there is none.',
    registers,
    async collect() {
      this.set(await lag.seconds());
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
      help: 'Push jobs handed to the queue; those about what a waiting job tells already are dropped there.',
      labelNames: ['platform'],
      registers,
    }),
  };
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
    help: 'Time since the last verified backup of the store; where there never was one, since the store was made.',
    registers,
    async collect() {
      // The lock is made with the store, and nothing is ever written into it: "never" grows old and is noticed, too.
      const at = (await timeOf(`${path}.last-backup`)) ?? (await timeOf(`${path}.lock`));
      this.set(at === undefined ? 0 : Math.max(0, Date.now() - at) / 1_000);
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

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function timeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
