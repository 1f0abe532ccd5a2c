// Bundles the project in the working directory into dist/. Entries: main.ts of a service and its <name>-thread.ts, and
// src/bin/<command>.ts for what package.json lists as `bin`. Workspace libraries are bundled in; packages from
// npm stay outside, where native modules and their licences are; one that only unused code imports is not loaded.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asData } from './module-as-data.mjs';
import { replaceFile } from './replace-file.mjs';

const { bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
const workspace = '@agent-messenger/';

const shared = {
  bundle: true,
  conditions: ['@agent-messenger/source'],
  outdir: 'dist',
  write: false,
  sourcemap: true,
  logLevel: 'warning',
  plugins: [
    {
      name: 'packages-stay-outside',
      setup({ onResolve }) {
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          kind === 'entry-point' || path.startsWith(workspace)
            ? undefined
            : { path, external: true, sideEffects: false },
        );
      },
    },
    // What the gateway says of itself.
    asData(/[\\/]gateway[\\/]src[\\/]http[\\/]documents\.ts$/),
  ],
};

const entries = [
  ...(existsSync('src/main.ts') ? ['src/main.ts', ...threads()] : []),
  ...Object.keys(bin).map((command) => `src/bin/${command}.ts`),
];
await bundle({
  ...shared,
  entryPoints: entries,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
});

/** Programs of worker threads. */
function threads() {
  return readdirSync('src')
    .filter((file) => file.endsWith('-thread.ts'))
    .map((file) => `src/${file}`);
}

async function bundle(options) {
  const { outputFiles } = await build(options);
  mkdirSync('dist', { recursive: true });
  for (const { path, contents } of outputFiles) replaceFile('dist', basename(path), contents);
  const made = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const file of readdirSync('dist', { withFileTypes: true })) {
    const old = file.isFile() && !file.name.startsWith('.') && !made.has(file.name);
    if (old) rmSync(join('dist', file.name), { force: true });
  }
}
