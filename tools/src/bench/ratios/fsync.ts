import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeWorkFolder } from '../work-folder';

const WRITES = 300;

/** The p99 of a page that is written and synced to the disk on which the stores are, ms. */
export function fsyncP99(): number {
  const dir = makeWorkFolder();
  const file = openSync(join(dir, 'file'), 'w');
  try {
    const page = Buffer.alloc(4_096, 1);
    const times = Array.from({ length: WRITES }, () => {
      const from = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - from;
    }).sort((a, b) => a - b);
    return times[Math.ceil(WRITES * 0.99) - 1] ?? NaN;
  } finally {
    closeSync(file);
    rmSync(dir, { recursive: true, force: true });
  }
}
