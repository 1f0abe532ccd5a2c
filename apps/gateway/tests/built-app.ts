import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

export const SCRIPT = `document.title = ${JSON.stringify('x'.repeat(2_000))};\n`;
const page = (title: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta name="application-name" content="Agent Messenger" />
    <meta name="registration" content="closed" />
    <title>${title}</title>
    <link rel="icon" href="./icon.svg" type="image/svg+xml" />
    <script type="module" src="./assets/app-abc123.js"></script>
  </head>
  <body></body>
</html>
`;

const FILES: Record<string, string | Buffer> = {
  'index.html': page('Agent Messenger'),
  'admin.html': page('Agent Messenger console'),
  'manifest.webmanifest': JSON.stringify({
    name: 'Agent Messenger',
    short_name: 'Messenger',
    icons: [],
    start_url: './',
  }),
  'service-worker.js': 'self.addEventListener("fetch", () => undefined);\n',
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
  'assets/app-abc123.js': SCRIPT,
  'assets/app-abc123.js.br': brotliCompressSync(SCRIPT),
  'assets/app-abc123.js.gz': gzipSync(SCRIPT),
  'assets/photo-abc123.png': 'no text',
  '.vite/manifest.json': '{}',
};

/** A folder as `apps/web` builds it, with the least in it. */
export function makeBuiltApp(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'am-web-'));
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
