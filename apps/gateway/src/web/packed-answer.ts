import type { RequestHandler } from 'express';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

interface PackedOptions {
  /** Content-Type. */
  type: string;
  headers: Readonly<Record<string, string>>;
}

/** The smallest first. */
const PACKED = ['br', 'gzip'] as const;
type Encoding = (typeof PACKED)[number] | 'identity';

/** Serves bytes that are made once, at the start, as small as the client takes them. */
export async function packedAnswer(
  content: Buffer | string,
  { type, headers }: PackedOptions,
): Promise<RequestHandler> {
  const plain = Buffer.from(content);
  const bodies: Record<Encoding, Buffer> = {
    br: await promisify(brotliCompress)(plain),
    gzip: await promisify(gzip)(plain),
    identity: plain,
  };
  const digest = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  return (request, response) => {
    const encoding = PACKED.find((one) => request.acceptsEncodings(one)) ?? 'identity';
    response.set({ ...headers, Vary: 'Accept-Encoding' });
    // Of the bytes that travel, as a strong validator has to be.
    response.setHeader('ETag', `"${digest}-${encoding}"`);
    if (encoding !== 'identity') response.setHeader('Content-Encoding', encoding);
    response.type(type).send(bodies[encoding]);
  };
}
