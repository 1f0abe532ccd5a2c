import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const tools = join(__dirname, '../..');
export const root = join(tools, '..');

/** Runs JavaScript with the exports of a module of tools/lib in scope, as `lib`; answers with its JSON. */
export function evaluate(module: string, expression: string): unknown {
  const code = `import * as lib from './lib/${module}.mjs'; console.log(JSON.stringify(${expression}))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: tools,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Runs JavaScript that imports modules of tools/lib. */
export function runModule(code: string) {
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: tools,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
