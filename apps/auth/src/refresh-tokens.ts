import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits. */
export function newRefreshToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a refresh token. A plain SHA-256 is enough: 256 random bits cannot be guessed, at any speed. */
export function refreshDigest(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('base64url');
}
