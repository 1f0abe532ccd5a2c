import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the workspace, from the sources as well as from a bundle in tools/dist. */
export function findRoot(from: string = __dirname): string {
  if (existsSync(join(from, 'nx.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('not inside the workspace: no nx.json in a parent folder');
  return findRoot(parent);
}
