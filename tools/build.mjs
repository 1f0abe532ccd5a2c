// Bundles the project in the working directory into dist/. Entries: main.ts of a service, index.ts of the SDK,
// src/bin/<command>.ts for what package.json lists as `bin`. Workspace libraries are bundled in; packages from
// npm stay outside, where native modules and their licences are.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

const { name, bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
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
            : { path, external: true },
        );
      },
    },
  ],
};

if (name === '@agent-messenger/sdk') {
  await bundle({
    ...shared,
    entryPoints: ['src/index.ts', 'src/rest-api.ts'],
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
  });
  rmSync('dist/types', { recursive: true, force: true });
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit', shell: true });
} else {
  const entries = existsSync('src/main.ts')
    ? ['src/main.ts']
    : Object.keys(bin).map((command) => `src/bin/${command}.ts`);
  await bundle({
    ...shared,
    entryPoints: entries,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
  });
}

/** Commands may run from dist/ meanwhile: they find each file whole, the old one or the new one. */
async function bundle(options) {
  const { outputFiles } = await build(options);
  mkdirSync('dist', { recursive: true });
  for (const { path, contents } of outputFiles) {
    const written = join('dist', `.${basename(path)}.${process.pid}`);
    writeFileSync(written, contents);
    renameSync(written, path);
  }
  const made = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const file of readdirSync('dist', { withFileTypes: true })) {
    const old = file.isFile() && !file.name.startsWith('.') && !made.has(file.name);
    if (old) rmSync(join('dist', file.name), { force: true });
  }
}
