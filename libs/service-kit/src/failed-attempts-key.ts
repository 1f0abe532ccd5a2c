import { createHash } from 'node:crypto';

/**
 * Who fails: an account, also from one network or device, a person that confirms its password, a network with wrong
 * keys.
 */
export type FailingKind = 'account' | 'account-network' | 'device' | 'person' | 'key-network';

/** Where Redis counts failures. Of fixed length whatever was typed, and no name in Redis. */
export function failedAttemptsKey(prefix: string, kind: FailingKind, name: string): string {
  return `${prefix}:failed:${kind}:${createHash('sha256').update(name).digest('base64url')}`;
}
