import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { createTokenIssuer, createTokenVerifier } from './access-tokens';

const secret = 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac';
const issue = createTokenIssuer({ secret, ttlSeconds: 300 });
const verify = createTokenVerifier(secret);

const claims = { sub: 'usr_1', sid: 'ses_1', iss: 'agent-messenger', aud: 'agent-messenger' };
const sign = (payload: object, options: jwt.SignOptions = {}, key: string = secret) =>
  jwt.sign(payload, key, { algorithm: 'HS256', expiresIn: 60, ...options });

function refused(token: string): void {
  expect(() => verify(token)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
}

test('what was issued is read back', () => {
  const before = Date.now();
  const { token, expiresIn } = issue({ identityId: 'agt_7', credentialId: 'key1' });
  expect(expiresIn).toBe(300);
  const read = verify(token);
  expect(read).toMatchObject({ identityId: 'agt_7', kind: 'agent', credentialId: 'key1' });
  expect(read.expiresAt).toBeGreaterThanOrEqual(Math.floor(before / 1_000) * 1_000 + 300_000);
  expect(read.expiresAt).toBeLessThanOrEqual(Date.now() + 300_000);
  expect(jwt.decode(token, { complete: true })).toMatchObject({
    header: { alg: 'HS256', kid: expect.any(String) as string },
    payload: { ...claims, sub: 'agt_7', sid: 'key1', jti: expect.any(String) as string },
  });
});

test('the control is accepted', () => {
  expect(verify(sign(claims))).toMatchObject({ identityId: 'usr_1', kind: 'user' });
});

test.each([
  ['alg none', jwt.sign({ ...claims, exp: 4e9 }, null, { algorithm: 'none' })],
  ['another key', sign(claims, {}, 'another-key-of-more-than-32-characters')],
  ['another HMAC', sign(claims, { algorithm: 'HS512' })],
  ['another audience', sign({ ...claims, aud: 'someone-else' })],
  ['another issuer', sign({ ...claims, iss: 'someone-else' })],
  ['no audience', sign({ ...claims, aud: undefined })],
  ['expired', sign(claims, { expiresIn: -1 })],
  ['not valid yet', sign(claims, { notBefore: 60 })],
  ['no expiry', jwt.sign(claims, secret)],
  ['another type', sign(claims, { header: { alg: 'HS256', typ: 'service' } })],
  ['no identity', sign({ ...claims, sub: 'root' })],
  ['no credential', sign({ ...claims, sid: undefined })],
  ['a payload that is text', jwt.sign('usr_1', secret)],
  ['nothing', ''],
])('%s is refused', (_what, token) => refused(token));

test('a changed token is refused, whatever was changed', () => {
  const { token } = issue({ identityId: 'usr_1', credentialId: 'ses_1' });
  // The last character carries two bits that base64url decoders ignore.
  fc.assert(
    fc.property(fc.nat(token.length - 2), fc.constantFrom('A', 'z', '.', '~'), (at, character) => {
      fc.pre(token[at] !== character);
      refused(token.slice(0, at) + character + token.slice(at + 1));
    }),
  );
});

test('garbage is refused', () => {
  fc.assert(fc.property(fc.string(), refused));
  fc.assert(
    fc.property(fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }), (parts) =>
      refused(parts.join('.')),
    ),
  );
});
