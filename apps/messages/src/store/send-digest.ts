import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/**
 * Key for the digests by which a retry is recognised. It comes from the services' secret and not only from the
 * store: a digest outlives the edit or deletion of its message, and whoever holds nothing but the database file
 * must not be able to confirm a guess at a deleted text. The salt, kept in the store, separates stores that share a
 * secret. A new secret makes retries that straddle the change look like conflicts, nothing else.
 */
export function deriveDigestKey(secret: string, salt: Buffer): KeyObject {
  return createSecretKey(
    Buffer.from(hkdfSync('sha256', secret, salt, 'agent-messenger send digest', 32)),
  );
}

/** Digest of what a request asked for: equal for equal JSON, whatever the order of keys. */
export function digestOf(key: KeyObject, request: readonly unknown[]): Buffer {
  return createHmac('sha256', key).update(canonicalJson(request)).digest();
}

/** Bytes of a send's digest that are kept: nobody finds two sends of one such keyed digest. */
const DIGEST_BYTES = 16;

/** What of a digest is kept with its message. */
export function shortDigest(digest: Buffer): Buffer {
  return digest.subarray(0, DIGEST_BYTES);
}

/** JSON with sorted keys; `undefined` counts as null, so that an absent part has one encoding. */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join(',')}}`;
}
