import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the workspace. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
