// Bundles the project in the working directory into dist/: every src/*.ts beside index.ts that has no
// importers would be guesswork, so the entries are named: main.ts of a service, the entries of a library.
// Workspace libraries are bundled in; packages from npm stay outside, where native modules and their
// licences are.
import { build } from 'esbuild';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const { name, bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
const workspace = '@agent-messenger/';

rmSync('dist', { recursive: true, force: true });

const shared = {
  bundle: true,
  conditions: ['@agent-messenger/source'],
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
  await build({
    ...shared,
    entryPoints: ['src/index.ts'],
    outdir: 'dist',
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
  });
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit', shell: true });
} else {
  const entries = existsSync('src/main.ts')
    ? ['src/main.ts']
    : Object.keys(bin).map((command) => `src/bin/${command}.ts`);
  await build({
    ...shared,
    entryPoints: entries,
    outdir: 'dist',
    format: 'cjs',
    platform: 'node',
    target: 'node20',
  });
}
