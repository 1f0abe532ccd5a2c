import type { AccessTokenKey, PublicJwk } from '@agent-messenger/service-kit';
import {
  es256PublicKeys,
  es256SigningKey,
  hs256Key,
  publicJwkOf,
} from '@agent-messenger/service-kit';
import type { Config } from './config';

export interface TokenKeys {
  signing: AccessTokenKey;
  /** Each once: the current key, and those that were or will be. */
  published: PublicJwk[];
}

/** ES256 as soon as there is a private key; tokens of the secret are then accepted by gateways that still have it. */
export function tokenKeys(
  config: Pick<Config, 'JWT_SECRET' | 'JWT_PRIVATE_KEY' | 'JWT_PREVIOUS_KEYS'>,
): TokenKeys {
  const { JWT_SECRET, JWT_PRIVATE_KEY, JWT_PREVIOUS_KEYS } = config;
  const pems = [JWT_PRIVATE_KEY, JWT_PREVIOUS_KEYS];
  const keys = pems.flatMap((pem) => (pem === undefined ? [] : es256PublicKeys(pem)));
  return {
    signing:
      JWT_PRIVATE_KEY === undefined ? hs256Key(JWT_SECRET ?? '') : es256SigningKey(JWT_PRIVATE_KEY),
    published: [...new Map(keys.map((key) => [key.kid, publicJwkOf(key)])).values()],
  };
}
