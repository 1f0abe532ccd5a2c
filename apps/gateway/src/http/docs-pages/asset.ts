import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RequestHandler } from 'express';

const compress = promisify(gzip);
/** How long a browser may keep an asset, s: after an upgrade it may show the old one for as long. */
const MAX_AGE_S = 3_600;

interface Packed {
  plain: Buffer;
  gzipped: Buffer;
}

/**
 * Serves one file for as long as the process lives. It is read and compressed at the first request, and once.
 * @param type Content-Type @param load its bytes
 */
export function asset(type: string, load: () => Promise<Buffer | string>): RequestHandler {
  let packed: Promise<Packed> | undefined;
  return async (request, response) => {
    packed ??= pack(load);
    const { plain, gzipped } = await packed;
    response.setHeader('Cache-Control', `public, max-age=${MAX_AGE_S}`);
    response.setHeader('Vary', 'Accept-Encoding');
    const zipped = request.acceptsEncodings('gzip') === 'gzip';
    if (zipped) response.setHeader('Content-Encoding', 'gzip');
    response.type(type).send(zipped ? gzipped : plain);
  };
}

async function pack(load: () => Promise<Buffer | string>): Promise<Packed> {
  const plain = Buffer.from(await load());
  return { plain, gzipped: await compress(plain) };
}

/** A file of the package `swagger-ui-dist`, which is served as it was published. */
export function ofSwaggerUi(name: string): () => Promise<Buffer> {
  return () => readFile(require.resolve(`swagger-ui-dist/${name}`));
}
