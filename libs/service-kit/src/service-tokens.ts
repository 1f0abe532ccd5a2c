import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { AppError } from './app-error';

const AUDIENCE = 'agent-messenger-internal';
const TTL_S = 60;
/** How far two clocks may be apart, s. */
const CLOCK_TOLERANCE_S = 5;

// jsonwebtoken verifies 55k/s with a KeyObject and 1.5k/s with a string (docs of 9.0 say nothing; measured).
const keyOf = (secret: string) => createSecretKey(Buffer.from(secret));

/** Tokens that prove to another service that the caller is one of ours; one is used for half of its life. */
export function createServiceTokens(secret: string, issuer: string): () => string {
  const key = keyOf(secret);
  let token = '';
  /** Monotonic: by a clock that was set back a token would be used for longer than it lives elsewhere. */
  let renewAt = -Infinity;
  return () => {
    if (performance.now() >= renewAt) {
      token = jwt.sign({}, key, {
        algorithm: 'HS256',
        audience: AUDIENCE,
        issuer,
        expiresIn: TTL_S,
      });
      renewAt = performance.now() + (TTL_S / 2) * 1_000;
    }
    return token;
  };
}

/** @returns the name of the calling service; throws AppError `unauthorized` */
export function createServiceTokenVerifier(
  secret: string,
): (authorization: string | undefined) => string {
  const key = keyOf(secret);
  return (authorization) => {
    const [scheme, token] = authorization?.split(' ') ?? [];
    if (scheme !== 'Bearer' || !token)
      throw new AppError('unauthorized', 'A service token is required');
    try {
      const claims = jwt.verify(token, key, {
        algorithms: ['HS256'],
        audience: AUDIENCE,
        // Whatever a token says about its end: none of ours lives longer.
        maxAge: TTL_S,
        clockTolerance: CLOCK_TOLERANCE_S,
      });
      return typeof claims === 'object' ? (claims.iss ?? '') : '';
    } catch (cause) {
      throw new AppError('unauthorized', 'The service token is not valid', { cause });
    }
  };
}
