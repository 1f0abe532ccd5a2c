// npm run chat, npm run bench: node tools/run.mjs <tool> [arguments]. Its stdout is the tool's alone.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bootstrap } from './lib/bootstrap.mjs';
import { main } from './lib/main.mjs';
import { Problem } from './lib/problem.mjs';
import { root } from './lib/workspace.mjs';

// Those that start a stack of their own.
const needsRedis = ['bench', 'chaos'];

await main(async () => {
  const [tool = '', ...args] = process.argv.slice(2);
  const help = args.some((arg) => ['--help', '-h'].includes(arg)) && helpOf(tool, args[0]);
  if (help) return void process.stdout.write(help);
  await bootstrap({ redis: needsRedis.includes(tool), quiet: true });
  const file = join(root, 'tools', 'dist', `${tool}.js`);
  if (!/^[a-z-]+$/.test(tool) || !existsSync(file)) throw new Problem(`no such tool: "${tool}"`, 2);
  process.argv = [process.execPath, file, ...args];
  createRequire(import.meta.url)(file);
});

/** Kept by `npm run docs`: nothing has to be installed for it. */
function helpOf(tool, kind) {
  const files = [`${tool}-${kind}`, tool].map((name) => join(root, 'tools', 'help', `${name}.txt`));
  const file = files.find((each) => existsSync(each));
  return file && readFileSync(file, 'utf8');
}
