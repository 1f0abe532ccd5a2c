import { randomUUID } from 'node:crypto';
import type { IdentityKind } from '@agent-messenger/contracts';
import { identityIdSchema, kindOf } from '@agent-messenger/contracts';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { AccessTokenKey } from './access-token-keys';
import { AppError } from './app-error';

const PARTY = 'agent-messenger';

/** What an access token says about its bearer. */
export interface AccessToken {
  identityId: string;
  kind: IdentityKind;
  /** The session (people) or API key (agents) it was issued for; revocation is by this id. */
  credentialId: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

interface IssuerOptions {
  key: AccessTokenKey;
  ttlSeconds: number;
}

interface Bearer {
  identityId: string;
  credentialId: string;
  /** When the credential runs out, and its tokens with it; ms since the epoch. */
  notAfter?: number | null;
}

/** Throws AppError `unauthorized` when the credential has run out. */
export type TokenIssuer = (bearer: Bearer) => {
  token: string;
  /** Seconds. */
  expiresIn: number;
};

export function createTokenIssuer({ key, ttlSeconds }: IssuerOptions): TokenIssuer {
  return ({ identityId, credentialId, notAfter }) => {
    const now = Date.now() / 1_000;
    const end = Math.floor((notAfter ?? Infinity) / 1_000);
    const left = Math.floor(end - now);
    if (left < 1) throw new AppError('unauthorized', 'The credential has run out');
    const expiresIn = Math.min(ttlSeconds, left);
    // Whole seconds: rounded up, so that it lives no shorter than is said.
    const exp = Math.min(Math.ceil(now + ttlSeconds), end);
    const token = jwt.sign({ sid: credentialId, exp }, key.key, {
      algorithm: key.alg,
      keyid: key.kid,
      issuer: PARTY,
      audience: PARTY,
      subject: identityId,
      jwtid: randomUUID(),
    });
    return { token, expiresIn };
  };
}

/** The key of this id, if there is one; it may have to be asked for. */
export type FindKey = (
  kid: string,
  alg: AccessTokenKey['alg'],
) => AccessTokenKey | undefined | Promise<AccessTokenKey | undefined>;

/** Rejects with AppError `unauthorized` for whatever is not a valid access token; other errors are those of `find`. */
export type TokenVerifier = (token: string) => Promise<AccessToken>;

/** What our issuers write and nothing else: no key and no address of one may come with a token, no `crit`. */
const headerSchema = z.strictObject({
  alg: z.enum(['HS256', 'ES256']),
  typ: z.literal('JWT').optional(),
  kid: z.string().regex(/^[\w-]{1,64}$/),
});
const claimsSchema = z.object({
  sub: identityIdSchema,
  sid: z.string().min(1),
  exp: z.number(),
});

export function createTokenVerifier(find: FindKey): TokenVerifier {
  return async (token) => {
    const header = headerOf(token);
    const key = header && (await find(header.kid, header.alg));
    try {
      // The key says how a token is checked, never the token: not with `none`, nor a public key taken for a secret.
      if (!key || key.alg !== header.alg) throw new Error('no such key');
      const payload = jwt.verify(token, key.key, {
        algorithms: [key.alg],
        issuer: PARTY,
        audience: PARTY,
      });
      const { sub, sid, exp } = claimsSchema.parse(payload);
      return { identityId: sub, kind: kindOf(sub), credentialId: sid, expiresAt: exp * 1_000 };
    } catch (cause) {
      const expired = cause instanceof jwt.TokenExpiredError;
      throw new AppError(
        'unauthorized',
        expired ? 'The access token has expired' : 'The access token is not valid',
        { cause },
      );
    }
  };
}

function headerOf(token: string): z.infer<typeof headerSchema> | undefined {
  try {
    return headerSchema.parse(jwt.decode(token, { complete: true })?.header);
  } catch {
    // Whatever it is, it is refused where all others are.
    return undefined;
  }
}

/** Looks among these, of which several may be in use at a time: a key is changed by adding the next one first. */
export function findAmong(
  keys: readonly AccessTokenKey[],
): (kid: string) => AccessTokenKey | undefined {
  const byId = new Map(keys.map((key) => [key.kid, key]));
  return (kid) => byId.get(kid);
}
