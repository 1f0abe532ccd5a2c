import { spawnSync } from 'node:child_process';

/** Debian's, whose packages these are; `python3` may be another one. */
export const PYTHON = '/usr/bin/python3';

/** Whether it is there, is one that the SDK runs on, and has these packages. */
export function hasPythonWith(...modules: string[]): boolean {
  const check = `import sys, ${modules.join(', ')}; sys.exit(sys.version_info < (3, 11))`;
  return spawnSync(PYTHON, ['-c', check]).status === 0;
}
