import { findRoot } from '@agent-messenger/testkit';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A new folder on the workspace's disk: the system's temporary folder may be in memory, where an fsync costs nothing.
 */
export function makeWorkFolder(tool = 'bench'): string {
  const parent = join(findRoot(), 'node_modules', '.cache', 'agent-messenger');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${tool}-`));
}
