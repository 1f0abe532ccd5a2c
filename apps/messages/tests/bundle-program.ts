import { buildSync } from 'esbuild';
import { basename, join } from 'node:path';

/** The bundle lies outside of the workspace, and finds its packages by this. */
export const BUNDLE_ENV = { NODE_PATH: join(__dirname, '../../../node_modules') };

/** Bundles a program, for a process of its own, into a folder; its path. */
export function bundleProgram(entry: string, folder: string): string {
  const outfile = join(folder, basename(entry).replace(/\.ts$/, '.js'));
  buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    external: ['better-sqlite3', 'pg'],
    outfile,
  });
  return outfile;
}
