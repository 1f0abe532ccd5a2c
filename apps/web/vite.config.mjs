import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
// The same data that the SDK's own build puts in the place of the schemas.
import { moduleAsData } from '../../tools/module-as-data.mjs';

const inHere = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Two pages, `index.html` (chat) and `admin.html` (console), of which every other file has its hash in its name. */
export default defineConfig({
  root: inHere('.'),
  // Relative: the gateway may serve the files below a path.
  base: './',
  resolve: { conditions: ['@agent-messenger/source', 'browser', 'module', 'import', 'default'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [
    {
      name: 'contract-as-data',
      enforce: 'pre',
      load: (id) =>
        /[\\/]sdk[\\/]src[\\/]contract[\\/]contract\.ts$/.test(id) ? moduleAsData(id) : null,
    },
  ],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        // The one file that is asked for by its own name: its scope is where it lies.
        entryFileNames: ({ name }) =>
          name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js',
      },
      input: {
        index: inHere('index.html'),
        admin: inHere('admin.html'),
        'service-worker': inHere('src/service-worker/service-worker.ts'),
      },
    },
  },
});
