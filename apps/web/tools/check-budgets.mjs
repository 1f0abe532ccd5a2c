// Ends with 1 when a page's files outgrow what its people were promised. Sizes as gzip, which every gateway serves.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** kB (1,000 bytes) of HTML, script and style. */
const FIRST_LOAD_KB = 60;
/** The same, with all that the chat has before its first block of code. */
const CHAT_KB = 130;

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));

/** The files of an entry with all that it loads before anything is seen: static imports, styles, one language. */
function filesOf(key, seen = new Set()) {
  const { file, css = [], imports = [] } = manifest[key];
  for (const each of [file, ...css]) seen.add(each);
  for (const each of imports) filesOf(each, seen);
  return seen;
}

const size = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length / 1_000;

function check(what, files, limit) {
  const total = [...files].reduce((sum, file) => sum + size(file), 0);
  process.stdout.write(`${what}: ${total.toFixed(1)} of ${limit} kB gzip\n`);
  if (total > limit) process.exitCode = 1;
}

const first = new Set([...filesOf('index.html'), ...filesOf('src/i18n/de.ts'), 'index.html']);
check('first load', first, FIRST_LOAD_KB);
check('chat', new Set([...first, ...filesOf('src/chat/signed-in.tsx')]), CHAT_KB);
