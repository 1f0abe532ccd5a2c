import type { KeyObject } from 'node:crypto';
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
} from 'node:crypto';
import type { Jwks } from '@agent-messenger/contracts';

/** Signs access tokens or verifies them. The key id names the key and, with it, the only algorithm it is used with. */
export interface AccessTokenKey {
  kid: string;
  alg: 'HS256' | 'ES256';
  // With a KeyObject jsonwebtoken is some 35 times faster than with the secret as a string.
  key: KeyObject;
}
export type PublicJwk = Jwks['keys'][number];

/** Of JWT_SECRET: signs and verifies. */
export function hs256Key(secret: string): AccessTokenKey {
  return {
    // Names the key without giving anything of it away that a signature does not.
    kid: createHmac('sha256', secret).update('kid').digest('base64url').slice(0, 11),
    alg: 'HS256',
    key: createSecretKey(Buffer.from(secret, 'utf8')),
  };
}

/** Signs. @throws TypeError for what is not the PEM of a private key on P-256 */
export function es256SigningKey(pem: string): AccessTokenKey {
  const key = createPrivateKey(unfolded(pem));
  return { kid: thumbprint(jwkOf(key)), alg: 'ES256', key };
}

/**
 * Verify. Private keys stand for their public halves.
 * @throws TypeError when one of them is no key on P-256, or there is none
 */
export function es256PublicKeys(pems: string): AccessTokenKey[] {
  const blocks = unfolded(pems).match(/-----BEGIN ([A-Z ]*KEY)-----.+?-----END \1-----/gs);
  if (!blocks) throw new TypeError('no PEM of a key');
  return blocks.map((pem) => es256PublicKey(createPublicKey(pem)));
}

/**
 * As published; the key id of a foreign document is not believed but computed.
 * @throws TypeError for another kind of key
 */
export function es256KeyOfJwk(jwk: PublicJwk): AccessTokenKey {
  const { kty, crv, x, y } = jwk;
  return es256PublicKey(createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }));
}

export function publicJwkOf({ key, kid }: AccessTokenKey): PublicJwk {
  return { ...jwkOf(key), kid, alg: 'ES256', use: 'sig' };
}

function es256PublicKey(key: KeyObject): AccessTokenKey {
  return { kid: thumbprint(jwkOf(key)), alg: 'ES256', key };
}

function jwkOf(key: KeyObject): Pick<PublicJwk, 'kty' | 'crv' | 'x' | 'y'> {
  const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  const { x, y } = isP256 ? key.export({ format: 'jwk' }) : {};
  if (x === undefined || y === undefined) throw new TypeError('not an EC key on P-256');
  return { kty: 'EC', crv: 'P-256', x, y };
}

/** RFC 7638: a digest of the required members, in the order of their names. */
function thumbprint({ crv, kty, x, y }: Pick<PublicJwk, 'kty' | 'crv' | 'x' | 'y'>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** An environment variable often has to say `\n` for a line break. */
function unfolded(pem: string): string {
  return pem.replaceAll('\\n', '\n');
}
