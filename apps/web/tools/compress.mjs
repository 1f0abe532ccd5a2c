// Beside each file of the build its brotli and gzip: made once and as small as they get, instead of at each request.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** What is text; images are compressed already. The gateway packs pages itself, after the brand is in them. */
const TEXT = /\.(?:js|css|svg|json|txt)$/;
const { BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;

for (const folder of ['dist', 'dist/assets']) {
  for (const file of readdirSync(folder).filter((name) => TEXT.test(name))) {
    const path = join(folder, file);
    const plain = readFileSync(path);
    const params = {
      [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY,
      [BROTLI_PARAM_SIZE_HINT]: plain.length,
    };
    const packed = { br: brotliCompressSync(plain, { params }), gz: gzipSync(plain, { level: 9 }) };
    for (const [end, bytes] of Object.entries(packed)) {
      if (bytes.length < plain.length) writeFileSync(`${path}.${end}`, bytes);
    }
  }
}
