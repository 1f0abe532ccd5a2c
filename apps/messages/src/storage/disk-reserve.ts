import type { Logger, Scope } from '@agent-messenger/service-kit';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Gauge, type Registry } from 'prom-client';

/** A volume of 10 GiB at 100 MB/s is not written past the default reserve within it. */
const EVERY_MS = 1_000;
/** Above the reserve by so much before content is taken again: otherwise it would flap with every checkpoint. */
const MARGIN = 1.05;

/** Room on the disk that new content must leave alone: what deletes, and SQLite's own log, needs it. */
export interface DiskReserve {
  readonly reserveBytes: number;
  /** At the last look; null before the first, and while the file system does not answer. */
  readonly freeBytes: number | null;
  /** Whether new content is refused. */
  isLow(): boolean;
  /** Looks now. */
  look(): Promise<void>;
}

interface DiskReserveOptions {
  /** Of the database. */
  path: string;
  /** 0: none. */
  reserveBytes: number;
  log: Logger;
  metrics: Registry;
  scope: Scope;
  everyMs?: number;
  /** Bytes that this process may still write. */
  free?: () => Promise<number>;
}

export async function watchDisk(options: DiskReserveOptions): Promise<DiskReserve> {
  const { path, reserveBytes, log, metrics, scope, everyMs = EVERY_MS } = options;
  const { free = () => freeBeside(path) } = options;
  let freeBytes: number | null = null;
  let low = false;
  reserveMetrics(metrics, { reserveBytes, isLow: () => low });

  async function look(): Promise<void> {
    freeBytes = await free().catch((error: unknown) => {
      log.debug({ err: error }, 'the file system of the store does not answer');
      return null;
    });
    // What is not known refuses nobody: a disk that is full says so itself.
    if (freeBytes === null) return;
    const isLow = freeBytes < reserveBytes * (low ? MARGIN : 1);
    if (isLow === low) return;
    low = isLow;
    const room = { free_bytes: freeBytes, reserve_bytes: reserveBytes };
    if (low) log.warn(room, 'the disk of the store is at its reserve: new content is refused');
    else log.info(room, 'the disk of the store has room again');
  }

  await look();
  let timer = setTimeout(next, everyMs).unref();
  let stopped = false;
  function next(): void {
    void look().then(() => {
      if (!stopped) timer = setTimeout(next, everyMs).unref();
    });
  }
  scope.defer('disk watch', () => {
    stopped = true;
    clearTimeout(timer);
  });
  return {
    reserveBytes,
    get freeBytes() {
      return freeBytes;
    },
    isLow: () => low,
    look,
  };
}

export function reserveMetrics(
  registry: Registry,
  { reserveBytes, isLow }: { reserveBytes: number; isLow(): boolean },
): void {
  const registers = [registry];
  new Gauge({
    name: 'messages_storage_reserve_bytes',
    help: 'Free room on the disk of the store below which new content is refused.',
    registers,
  }).set(reserveBytes);
  new Gauge({
    name: 'messages_storage_low',
    help: '1 while new content is refused because the disk is at its reserve.',
    registers,
    collect() {
      this.set(isLow() ? 1 : 0);
    },
  });
}

/** Of the file system of a database; Infinity where that does not answer. */
export async function diskBytes(path: string): Promise<number> {
  const all = await statfs(dirname(path)).catch(() => ({ blocks: Infinity, bsize: 1 }));
  return all.blocks * all.bsize;
}

async function freeBeside(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize;
}
