import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** What forgers can know or steal, and what is used to check that they get nowhere. */
export interface TokenMaterial {
  /** JWT_SECRET, which only an operator has: it makes the tokens of which a single claim is wrong. */
  secret: string;
  secretKid: string;
  /** Published. */
  publicKey: KeyObject;
  publicKid: string;
  /** INTERNAL_JWT_SECRET. */
  internalSecret: string;
  /** Whose token is forged. */
  identityId: string;
  sessionId: string;
}

type Signer = (signed: string) => string;

const PARTY = 'agent-messenger';
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenOf(header: object, claims: object, signer: Signer): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${signer(signed)}`;
}

const hmac =
  (key: string | Buffer, hash = 'sha256'): Signer =>
  (signed) =>
    createHmac(hash, key).update(signed).digest('base64url');
const es256 =
  (key: KeyObject): Signer =>
  (signed) =>
    sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
const nothing: Signer = () => '';
const zeros: Signer = () => Buffer.alloc(64).toString('base64url');

/** A token as the gateway takes it, of a person; the control. */
export function rightToken(material: TokenMaterial): string {
  const { secret, secretKid } = material;
  return tokenOf({ alg: 'HS256', typ: 'JWT', kid: secretKid }, claimsOf(material), hmac(secret));
}

function claimsOf({ identityId, sessionId }: TokenMaterial) {
  const iat = Math.floor(Date.now() / 1_000);
  return { sub: identityId, sid: sessionId, iss: PARTY, aud: PARTY, iat, exp: iat + 300 };
}

/** Tokens that must not be taken, by what is wrong with them. */
export function forgedTokens(material: TokenMaterial): Record<string, string> {
  const { secret, secretKid, publicKey, publicKid, internalSecret } = material;
  const claims = claimsOf(material);
  const { privateKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rs256: Signer = (signed) => sign('sha256', Buffer.from(signed), rsa).toString('base64url');
  const foreignJwk = foreign.export({ format: 'jwk' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }));

  /** Signed by the secret: all is right but for the header's extension. */
  const headed = (header: object) =>
    tokenOf({ alg: 'HS256', typ: 'JWT', kid: secretKid, ...header }, claims, hmac(secret));
  /** Signed by the secret: all is right but for these claims. */
  const claimed = (wrong: object) =>
    tokenOf({ alg: 'HS256', kid: secretKid }, { ...claims, ...wrong }, hmac(secret));
  const algorithm = (alg: string, kid: string | undefined, signer: Signer) =>
    tokenOf({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) }, claims, signer);

  const right = rightToken(material);
  const [head, body, signature] = right.split('.') as [string, string, string];
  const { iat } = claims;

  return {
    'no signature, alg none': algorithm('none', secretKid, nothing),
    'no signature, alg None': algorithm('None', publicKid, nothing),
    'no signature, alg nOnE, the signature of another': `${part({ alg: 'nOnE', kid: secretKid })}.${body}.${signature}`,
    'alg HS256 without a signature': algorithm('HS256', secretKid, nothing),
    'alg ES256 without a signature': algorithm('ES256', publicKid, nothing),
    'a signature of zeros': algorithm('ES256', publicKid, zeros),
    'HS256 with the public key (PEM)': algorithm('HS256', publicKid, hmac(pem)),
    'HS256 with the public key (PEM), named as the secret': algorithm(
      'HS256',
      secretKid,
      hmac(pem),
    ),
    'HS256 with the public key (DER)': algorithm('HS256', publicKid, hmac(der)),
    'HS256 with the public key (JWK)': algorithm('HS256', publicKid, hmac(jwk)),
    'an HMAC with the public key, called ES256': algorithm('ES256', publicKid, hmac(pem)),
    'the secret, called ES256': algorithm('ES256', publicKid, hmac(secret)),
    'the secret under the name of the public key': algorithm('HS256', publicKid, hmac(secret)),
    'HS384 with the secret': algorithm('HS384', secretKid, hmac(secret, 'sha384')),
    'HS512 with the secret': algorithm('HS512', secretKid, hmac(secret, 'sha512')),
    'RS256 with a foreign key': algorithm('RS256', publicKid, rs256),
    'an empty secret': algorithm('HS256', secretKid, hmac('')),
    'a foreign secret': algorithm('HS256', secretKid, hmac('x'.repeat(32))),
    'a foreign key under our name': algorithm('ES256', publicKid, es256(foreign)),
    'a foreign key under its own name': algorithm('ES256', 'foreign', es256(foreign)),
    'no key id': algorithm('HS256', undefined, hmac(secret)),
    'a key id that is a path': algorithm('HS256', '../../../../dev/null', hmac('')),
    'a key id that is a query': algorithm('HS256', "' UNION SELECT 'x", hmac('x')),
    'a key id of all objects': algorithm('HS256', '__proto__', hmac(secret)),
    'a key id that is a list': headed({ kid: [secretKid] }),
    'a key that comes along': tokenOf(
      { alg: 'ES256', kid: publicKid, jwk: { ...foreignJwk, d: undefined } },
      claims,
      es256(foreign),
    ),
    'an address of keys': headed({ jku: 'http://127.0.0.1:9/jwks.json' }),
    'an address of certificates': headed({ x5u: 'http://127.0.0.1:9/cert.pem' }),
    'an extension that must be understood': headed({ crit: ['exp'] }),
    'another type': headed({ typ: 'at+jwt' }),
    'a foreign issuer': claimed({ iss: 'somebody-else' }),
    'no issuer': claimed({ iss: undefined }),
    'a foreign audience': claimed({ aud: 'somebody-else' }),
    'the audience of service tokens': claimed({ aud: 'agent-messenger-internal' }),
    'no audience': claimed({ aud: undefined }),
    'run out': claimed({ exp: iat - 1 }),
    'no end': claimed({ exp: undefined }),
    'an end that is text': claimed({ exp: `${iat + 300}` }),
    'not valid yet': claimed({ nbf: iat + 60 }),
    'nobody’s': claimed({ sub: undefined }),
    'an identity that is none': claimed({ sub: 'admin' }),
    'an identity that is a list': claimed({ sub: [claims.sub] }),
    'no session': claimed({ sid: undefined }),
    'an empty session': claimed({ sid: '' }),
    'another payload under a right signature': `${head}.${part({ ...claims, sub: 'usr_1' })}.${signature}`,
    'two parts': `${head}.${body}`,
    'four parts': `${right}.${signature}`,
    'a payload that is a list': `${head}.${part([])}.${hmac(secret)(`${head}.${part([])}`)}`,
    'a service token': serviceToken(internalSecret),
    'a token of the key between services': tokenOf(
      { alg: 'HS256', kid: secretKid },
      claims,
      hmac(internalSecret),
    ),
  };
}

/** As services show each other. */
export function serviceToken(internalSecret: string, claims: object = {}): string {
  const iat = Math.floor(Date.now() / 1_000);
  const aud = 'agent-messenger-internal';
  return tokenOf(
    { alg: 'HS256', typ: 'JWT' },
    { iat, exp: iat + 60, aud, iss: PARTY, ...claims },
    hmac(internalSecret),
  );
}

/** Service tokens that must not be taken. */
export function forgedServiceTokens(material: TokenMaterial): Record<string, string> {
  const { secret, internalSecret } = material;
  const iat = Math.floor(Date.now() / 1_000);
  return {
    'an access token': rightToken(material),
    'the secret of access tokens': serviceToken(secret),
    'the audience of access tokens': serviceToken(internalSecret, { aud: PARTY }),
    'one that is old and lives for ever': serviceToken(internalSecret, {
      iat: iat - 600,
      exp: iat + 1e9,
    }),
    'no signature': `${part({ alg: 'none', typ: 'JWT' })}.${part({ iat, exp: iat + 60, aud: 'agent-messenger-internal' })}.`,
  };
}
