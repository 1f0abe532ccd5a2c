// Declares the SDK in the working directory: one file per entry in dist/, for ESM and for CommonJS, with what the
// entries share in a third. They hold the contracts, which are not published.
import { mkdirSync } from 'node:fs';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { replaceFile } from './replace-file.mjs';

const bundle = await rollup({
  input: { index: 'src/index.ts', 'rest-api': 'src/rest-api.ts', browser: 'src/browser/index.ts' },
  external: ['idb', 'socket.io-client', 'uuidv7', 'zod'],
  plugins: [dts({ tsconfig: 'tsconfig.build.json' })],
});
mkdirSync('dist', { recursive: true });
for (const extension of ['ts', 'cts']) {
  const { output } = await bundle.generate({
    format: 'es',
    entryFileNames: `[name].d.${extension}`,
    chunkFileNames: `shared.d.${extension}`,
  });
  for (const { fileName, code } of output) replaceFile('dist', fileName, code);
}
