import { randomBytes } from 'node:crypto';

/**
 * An API key in its parts: `amk_<key id>_<secret>`. The key id is public, it names the key in the store and in logs.
 */
export interface ApiKey {
  keyId: string;
  /** 256 random bits, base64url. */
  secret: string;
}

const FORMAT = /^amk_([a-z0-9]{1,32})_([A-Za-z0-9_-]{43})$/;

export function newApiKey(): ApiKey {
  return {
    keyId: randomBytes(8).toString('hex'),
    secret: randomBytes(32).toString('base64url'),
  };
}

export function formatApiKey({ keyId, secret }: ApiKey): string {
  return `amk_${keyId}_${secret}`;
}

/** Null for whatever is not an API key. Only the secret may contain `_`, so that there is one way to read a key. */
export function parseApiKey(text: string): ApiKey | null {
  const [, keyId, secret] = FORMAT.exec(text) ?? [];
  return keyId !== undefined && secret !== undefined ? { keyId, secret } : null;
}
