import { rmSync } from 'node:fs';
import { listBackups } from './backup-files';

/** Removes all but the newest; what it removed. */
export function pruneBackups(folder: string, keep: number): string[] {
  const old = listBackups(folder).slice(keep);
  for (const file of old) rmSync(file);
  return old;
}
