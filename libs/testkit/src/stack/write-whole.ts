import { randomBytes } from 'node:crypto';
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Puts a file that only its owner reads in the place of the one that is there. Who reads it meanwhile, or
 * after a crash, sees the old one or the new one, never a part.
 */
export function writeWhole(path: string, text: string): void {
  beside(path, text, (written) => renameSync(written, path));
}

/** As `writeWhole`, but false when there is such a file already. */
export function createWhole(path: string, text: string): boolean {
  return beside(path, text, (written) => {
    try {
      linkSync(written, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

function beside<T>(path: string, text: string, place: (written: string) => T): T {
  const written = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(written, text, { mode: 0o600, flag: 'wx', flush: true });
    return place(written);
  } finally {
    rmSync(written, { force: true });
  }
}
