// Bundles the SDK in the working directory into dist/, as ESM and as CommonJS. Its declarations are made when it is
// packed (declare-sdk.mjs): nothing in this repository reads them, and they take twenty times as long.
import { build } from 'esbuild';
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { asData } from './module-as-data.mjs';
import { replaceFile } from './replace-file.mjs';

const shared = { bundle: true, conditions: ['@agent-messenger/source'], write: false };

const contract = asData(/[\\/]contract[\\/]contract\.ts$/);
mkdirSync('dist', { recursive: true });
for (const [format, extension] of [
  ['esm', '.js'],
  ['cjs', '.cjs'],
]) {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: {
      index: 'src/index.ts',
      'rest-api': 'src/rest-api.ts',
      browser: 'src/browser/index.ts',
    },
    external: ['idb', 'socket.io-client', 'uuidv7', 'zod'],
    format,
    outExtension: { '.js': extension },
    outdir: 'dist',
    platform: 'neutral',
    target: 'es2022',
    sourcemap: true,
    plugins: [contract],
  });
  for (const { path, contents } of outputFiles) replaceFile('dist', basename(path), contents);
}
