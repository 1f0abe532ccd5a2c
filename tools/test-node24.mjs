// npm run test:node24 [-- COMMAND …]: all tests, or another command, on Node 24. In a copy of the project: what is
// installed and compiled for the Node of this one stays as it is.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { main } from './lib/main.mjs';
import { ensureNodeVersions, nodeOf } from './lib/node-versions.mjs';
import { runGroup } from './lib/run-group.mjs';
import { root } from './lib/workspace.mjs';

const LINE = 24;
const PREPARE = `
  import { bootstrap } from './tools/lib/bootstrap.mjs';
  import { main } from './tools/lib/main.mjs';
  await main(() => bootstrap({ redis: true }));
`;
/** What is made, in the project or in the copy. */
const MADE = ['node_modules', '.nx', 'dist', '.data', '.git'];

await main(async () => {
  await ensureNodeVersions();
  const { bin, home } = nodeOf(LINE);
  const copy = copyProject();
  process.stderr.write(`On Node ${LINE}, in ${copy}\n`);
  const [command, ...args] = process.argv.length > 2 ? process.argv.slice(2) : ['npm', 'test'];
  const env = {
    PATH: [bin, process.env.PATH].join(delimiter),
    // Its headers came with it: what is compiled needs no other download.
    npm_config_nodedir: home,
    npm_package_config_node_gyp_nodedir: home,
  };
  const onOutput = (chunk, target) => target.write(chunk);
  const run = (program, given) => runGroup(program, given, { cwd: copy, env, onOutput });
  // A command of its own finds what `npm test` makes: what `npm ci` installs may abort this Node.
  const status = await run(join(bin, 'node'), ['--input-type=module', '-e', PREPARE]);
  process.exitCode = status === 0 ? await run(command, args) : status;
});

/** Outside of the project, whose tools would find everything twice. */
function copyProject() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const name = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const copy = join(cache, 'agent-messenger', `node-${LINE}-${name}`);
  mkdirSync(copy, { recursive: true });
  for (const entry of readdirSync(copy)) clear(join(copy, entry));
  cpSync(root, copy, { recursive: true, filter: (path) => !MADE.includes(basename(path)) });
  return copy;
}

/** Leaves what is made: it is made anew only where it does not fit any more. */
function clear(path) {
  if (MADE.includes(basename(path))) return;
  const entries = readdirOrNone(path);
  for (const entry of entries) clear(join(path, entry));
  if (readdirOrNone(path).length === 0) rmSync(path, { recursive: true });
}

function readdirOrNone(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return [];
    throw error;
  }
}
