import { closeSync, openSync } from 'node:fs';
import type { ServerUser } from './server-user';

/** 3 is the guard's. */
const DATA_FD = 4;

/** How a process of PostgreSQL gets to its folder of data. */
export interface DataArgument {
  /** What it is called there. */
  path: string;
  /** Its files beyond the first three, for `spawn`. */
  stdio: ('ignore' | number)[];
  /** To be called when it has been spawned. */
  close(): void;
}

/** Another user than ours may not enter the folders above that of the data: it is given it opened. */
export function openDataArgument(user: ServerUser | undefined, dir: string): DataArgument {
  if (!user) return { path: dir, stdio: [], close: () => undefined };
  const fd = openSync(dir, 'r');
  return {
    path: `/proc/self/fd/${DATA_FD}`,
    stdio: ['ignore', fd],
    close: () => closeSync(fd),
  };
}
