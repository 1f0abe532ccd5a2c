import type { Logger } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { readerMetrics, storeMetrics } from '../../metrics';
import { createInlineReaders } from '../readers/inline-readers';
import { READ_CALLS, type ReadCall, type ReadRequest, type Reads } from '../readers/read-calls';
import { openReaderThreads } from '../readers/reader-threads';
import type { Store } from '../store';
import { createCommitCheck } from './commit-check';
import { createFeeds } from './feeds';
import { createFreeSpace } from './free-space';
import { createLogBound } from './log-bound';
import { createOffsets } from './offsets';
import { openDatabase } from './open-database';
import { withPassingFaults } from './passing-faults';
import type { Storage } from '../../storage/storage';
import { removeKept } from './schema/kept-file';
import { createSqlite } from './sqlite';
import { createStoreCalls } from './store-calls';

export interface SqliteStoreOptions {
  path: string;
  /** INTERNAL_JWT_SECRET; the digests of sends are keyed with it. */
  secret: string;
  /** More are a `conflict`; unbounded without it. */
  conversationsPerPerson?: number;
  log: Logger;
  metrics?: Registry;
  /** Bounds of what is stored; none when absent. */
  storage?: Storage;
  /** How many threads read, and their program (JavaScript); without it reads run on the event loop. */
  readers?: { threads: number; entry: string };
  /** How long the file from before an upgrade is kept. */
  keepPreviousDays?: number;
  now?: () => Date;
  /** Milliseconds of a clock that nobody sets, by which the log ages. */
  monotonic?: (() => number) | undefined;
}

const KEEP_DAYS = 7;
const HOUR_MS = 3_600_000;
/** A step of the scrub blocks the store for about 10 ms: a twentieth of the time, while a pass is under way. */
const SCRUB_PAUSE_MS = 200;

/**
 * The store in one SQLite file, for one process. Writes run synchronously on the event loop: they are short and
 * bounded, and one writer needs no locks. Pages are read beside it, by threads.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { secret, log, metrics, now = () => new Date() } = options;
  const { db, path, fd, close } = await openDatabase(options.path, log);
  const sqlite = createSqlite(db, { secret, now });
  const offsets = createOffsets(sqlite);
  const { calls, sources, exports, places, purge } = createStoreCalls(sqlite, {
    ...options,
    offsets,
  });
  const freeSpace = createFreeSpace(db, { path, fd });
  const readers =
    options.readers && options.readers.threads > 0
      ? openReaderThreads({ ...options.readers, path, secret, now, rev: sqlite.rev, log })
      : createInlineReaders(calls);
  const logBound = createLogBound(db, { path, readers });
  if (metrics) {
    storeMetrics(metrics, path);
    readerMetrics(metrics, () => readers.waiting());
  }

  async function readJson<N extends ReadCall>(call: N, request: ReadRequest<N>) {
    if (call === 'exportUser') await exports.begin(request as ReadRequest<'exportUser'>);
    if (call === 'listConversations') {
      await places.settle((request as ReadRequest<'listConversations'>).identity_id);
    }
    logBound.check();
    return readers.run(call, request);
  }
  const read =
    <N extends ReadCall>(call: N) =>
    async (request: ReadRequest<N>) =>
      (await readJson(call, request)).parse();
  const reads = Object.fromEntries(
    (Object.keys(READ_CALLS) as ReadCall[]).map((call) => [call, read(call)]),
  ) as unknown as Reads;

  const parts = {
    ...calls,
    ...reads,
    ...createFeeds(sources, { offsets, monotonic: options.monotonic }),
    readJson,
    ...createCommitCheck(sqlite),
    async purge() {
      // What was deleted is in no log only when nobody reads what is still in it.
      return (await purge.step()) || readers.exclusive(() => purge.finish());
    },
    scrub: () => readers.exclusive(() => freeSpace.scrub()),
    async close() {
      await readers.close();
      sqlite.close();
      close();
    },
  };
  /** An upgrade leaves the file from before it. */
  async function dropKept(): Promise<boolean> {
    const removed = removeKept(path, { days: options.keepPreviousDays ?? KEEP_DAYS, now: now() });
    for (const file of removed) log.info({ file }, 'the store from before an upgrade is removed');
    return false;
  }

  const { scrub, ...store } = withPassingFaults(parts, log);
  return {
    logId: sqlite.logId,
    ...store,
    // Where remnants of deleted texts may be: at the start and every hour.
    chores: [
      { name: 'scrub', everyMs: HOUR_MS, pauseMs: SCRUB_PAUSE_MS, step: scrub },
      { name: 'kept files', everyMs: HOUR_MS, pauseMs: SCRUB_PAUSE_MS, step: dropKept },
    ],
  };
}
