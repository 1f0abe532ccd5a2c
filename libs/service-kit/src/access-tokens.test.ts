import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { es256PublicKeys, es256SigningKey, hs256Key } from './access-token-keys';
import { createTokenIssuer, createTokenVerifier, findAmong } from './access-tokens';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
const publicPem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();
const secret = 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac';

const hmac = hs256Key(secret);
const signing = es256SigningKey(pem.toString());
const keys = [hmac, ...es256PublicKeys(publicPem)];
const verify = createTokenVerifier(findAmong(keys));

const claims = { sub: 'usr_1', sid: 'ses_1', iss: 'agent-messenger', aud: 'agent-messenger' };
const sign = (payload: object, options: jwt.SignOptions = {}, key: jwt.Secret = secret) =>
  jwt.sign(payload, key, { algorithm: 'HS256', keyid: hmac.kid, expiresIn: 60, ...options });

const refused = (token: string) =>
  expect(verify(token)).rejects.toEqual(expect.objectContaining({ code: 'unauthorized' }));

describe.each([
  ['HS256', hmac],
  ['ES256', signing],
] as const)('%s', (alg, key) => {
  const issue = createTokenIssuer({ key, ttlSeconds: 300 });

  test('what was issued is read back', async () => {
    const before = Date.now();
    const { token, expiresIn } = issue({ identityId: 'agt_7', credentialId: 'key1' });
    expect(expiresIn).toBe(300);
    const read = await verify(token);
    expect(read).toMatchObject({ identityId: 'agt_7', kind: 'agent', credentialId: 'key1' });
    // No shorter than is said, in whole seconds.
    expect(read.expiresAt).toBeGreaterThanOrEqual(before + 300_000);
    expect(read.expiresAt).toBeLessThan(Date.now() + 301_000);
    expect(jwt.decode(token, { complete: true })).toMatchObject({
      header: { alg, kid: key.kid, typ: 'JWT' },
      payload: { ...claims, sub: 'agt_7', sid: 'key1', jti: expect.any(String) as string },
    });
  });

  test('a changed token is refused, whatever was changed', async () => {
    const { token } = issue({ identityId: 'usr_1', credentialId: 'ses_1' });
    // The last character carries bits that base64url decoders ignore.
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 2),
        fc.constantFrom('A', 'z', '.', '~'),
        async (at, character) => {
          fc.pre(token[at] !== character);
          await refused(token.slice(0, at) + character + token.slice(at + 1));
        },
      ),
    );
  });

  test('a token does not outlive its credential', async () => {
    const notAfter = Date.now() + 100_500;
    const { token, expiresIn } = issue({ identityId: 'agt_7', credentialId: 'key1', notAfter });
    const { expiresAt } = await verify(token);
    expect(expiresAt).toBeLessThanOrEqual(notAfter);
    expect(expiresIn).toBeLessThanOrEqual(100);
    expect(expiresIn).toBeGreaterThan(50);
    const bearer = { identityId: 'agt_7', credentialId: 'key1' };
    expect(issue({ ...bearer, notAfter: Date.now() + 1e9 }).expiresIn).toBe(300);
    expect(issue({ ...bearer, notAfter: null }).expiresIn).toBe(300);
    expect(() => issue({ ...bearer, notAfter: Date.now() + 900 })).toThrow(
      expect.objectContaining({ code: 'unauthorized' }),
    );
  });
});

test('the control is accepted', async () => {
  expect(await verify(sign(claims))).toMatchObject({ identityId: 'usr_1', kind: 'user' });
  expect(await verify(forged({ kid: hmac.kid }, secret))).toMatchObject({ kind: 'user' });
  const es256 = sign(claims, { algorithm: 'ES256', keyid: signing.kid }, privateKey);
  expect(await verify(es256)).toMatchObject({ identityId: 'usr_1', kind: 'user' });
});

/** An HMAC under any header, which a library would not write. */
function forged(header: object, key: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 60;
  const signed = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part({ ...claims, exp })}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const foreignId = es256SigningKey(other.export({ format: 'pem', type: 'pkcs8' }).toString()).kid;
const jwk = createPublicKey(other).export({ format: 'jwk' });
const unsigned = (keyid: string) =>
  jwt.sign({ ...claims, exp: 4e9 }, null, { algorithm: 'none', keyid });

test.each([
  ['alg none', unsigned(hmac.kid)],
  ['alg none with the key id of ES256', unsigned(signing.kid)],
  ['no key id', forged({}, secret)],
  ['an unknown key id', sign(claims, { keyid: foreignId })],
  ['a key id that is a path', sign(claims, { keyid: '../../../dev/null' }, ' ')],
  ['a key id that is a property of all objects', sign(claims, { keyid: '__proto__' })],
  ['another secret', sign(claims, {}, 'another-key-of-more-than-32-characters')],
  ['another HMAC', sign(claims, { algorithm: 'HS512' })],
  ['the public key as a secret', forged({ kid: signing.kid }, publicPem)],
  ['the public key as a secret under another name', forged({ kid: hmac.kid }, publicPem)],
  [
    'the public key as a secret, said to be ES256',
    forged({ kid: signing.kid, alg: 'ES256' }, publicPem),
  ],
  ['another private key', sign(claims, { algorithm: 'ES256', keyid: signing.kid }, other)],
  [
    'another private key of its own name',
    sign(claims, { algorithm: 'ES256', keyid: foreignId }, other),
  ],
  [
    'a key that comes along',
    sign(
      claims,
      { algorithm: 'ES256', keyid: foreignId, header: { alg: 'ES256', jwk } as never },
      other,
    ),
  ],
  ['an address of keys', sign(claims, { header: { alg: 'HS256', jku: 'http://evil.example' } })],
  [
    'an extension that must be understood',
    sign(claims, { header: { alg: 'HS256', crit: ['b64'] } }),
  ],
  ['ES256 under the key id of the secret', sign(claims, { algorithm: 'ES256' }, privateKey)],
  ['another audience', sign({ ...claims, aud: 'someone-else' })],
  ['another issuer', sign({ ...claims, iss: 'someone-else' })],
  ['no audience', sign({ ...claims, aud: undefined })],
  ['expired', sign(claims, { expiresIn: -1 })],
  ['not valid yet', sign(claims, { notBefore: 60 })],
  ['no expiry', jwt.sign(claims, secret, { keyid: hmac.kid })],
  ['another type', sign(claims, { header: { alg: 'HS256', typ: 'service' } })],
  ['no identity', sign({ ...claims, sub: 'root' })],
  ['no credential', sign({ ...claims, sid: undefined })],
  ['a payload that is text', jwt.sign('usr_1', secret, { keyid: hmac.kid })],
  ['nothing', ''],
])('%s is refused', (_what, token) => refused(token));

test('garbage is refused', async () => {
  await fc.assert(fc.asyncProperty(fc.string(), refused));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }), (parts) =>
      refused(parts.join('.')),
    ),
  );
});

test('a failing search for the key is not the fault of the token', async () => {
  const failing = createTokenVerifier(() => Promise.reject(new Error('away')));
  await expect(failing(sign(claims))).rejects.toThrow('away');
});
