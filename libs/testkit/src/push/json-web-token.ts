import { verify, type KeyObject } from 'node:crypto';

export interface DecodedToken {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  /** Whether the key signed it, with ES256 or RS256 as its header says. */
  signedBy(key: KeyObject): boolean;
}

/** Undefined when it is not a token at all. */
export function decodeToken(text: string): DecodedToken | undefined {
  const [head = '', body = '', signature = ''] = text.split('.');
  const header = parse(head);
  const claims = parse(body);
  if (!header || !claims || signature === '') return undefined;
  return {
    header,
    claims,
    signedBy(key) {
      const data = Buffer.from(`${head}.${body}`);
      const bytes = Buffer.from(signature, 'base64url');
      if (header['alg'] === 'ES256') {
        return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, bytes);
      }
      return header['alg'] === 'RS256' && verify('sha256', data, key, bytes);
    },
  };
}

function parse(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
