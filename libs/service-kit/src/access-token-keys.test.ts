import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  es256KeyOfJwk,
  es256PublicKeys,
  es256SigningKey,
  hs256Key,
  publicJwkOf,
} from './access-token-keys';

const pair = (namedCurve: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  return {
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    sec1: privateKey.export({ format: 'pem', type: 'sec1' }).toString(),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
};
const key = pair('P-256');

test('the key id is the thumbprint of RFC 7638, of the private key as of the public one', () => {
  const { x, y } = createPublicKey(key.publicPem).export({ format: 'jwk' });
  const members = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
  const kid = createHash('sha256').update(members).digest('base64url');
  expect(es256SigningKey(key.privatePem)).toMatchObject({ kid, alg: 'ES256' });
  expect(es256SigningKey(key.sec1).kid).toBe(kid);
  expect(es256PublicKeys(key.publicPem).map((each) => each.kid)).toEqual([kid]);
  expect(es256PublicKeys(key.privatePem).map((each) => each.kid)).toEqual([kid]);
});

test('what is published has nothing private, and is read back as the same key', () => {
  const jwk = publicJwkOf(es256SigningKey(key.privatePem));
  expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  const read = es256KeyOfJwk(jwk);
  expect(read.kid).toBe(jwk.kid);
  expect(read.key.type).toBe('public');
  expect(es256KeyOfJwk({ ...jwk, kid: 'chosen' }).kid).toBe(jwk.kid);
});

test('several keys stand one after the other, in lines or with their breaks escaped', () => {
  const [first, second] = [pair('P-256'), pair('P-256')];
  const kids = [first, second].map(({ privatePem }) => es256SigningKey(privatePem).kid);
  const pems = `${first.privatePem}${second.publicPem}`;
  expect(es256PublicKeys(pems).map(({ kid }) => kid)).toEqual(kids);
  expect(es256PublicKeys(pems.replaceAll('\n', '\\n')).map(({ kid }) => kid)).toEqual(kids);
  expect(es256SigningKey(first.privatePem.replaceAll('\n', '\\n')).kid).toBe(kids[0]);
});

test('other keys are refused', () => {
  const p384 = pair('P-384');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  const rsaPem = rsa.export({ format: 'pem', type: 'pkcs8' }).toString();
  for (const pem of [p384.privatePem, rsaPem, key.publicPem, 'secret', '']) {
    expect(() => es256SigningKey(pem)).toThrow();
  }
  for (const pems of [p384.publicPem, rsaPem, `${key.publicPem}${p384.publicPem}`, 'none', '']) {
    expect(() => es256PublicKeys(pems)).toThrow();
  }
});

test('secrets have different key ids, which are not the secrets', () => {
  const secret = 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac';
  const { kid } = hs256Key(secret);
  expect(kid).toMatch(/^[\w-]{11}$/);
  expect(hs256Key(secret).kid).toBe(kid);
  expect(hs256Key(`${secret}x`).kid).not.toBe(kid);
});
