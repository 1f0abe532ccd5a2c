import { createHash, timingSafeEqual } from 'node:crypto';
import type { Actor, Caller as CallerKind } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Request } from 'express';
import type { Authenticator } from '../authenticate';
import { bearerOf } from '../authenticate';

/** Who calls a route. `identity` is there for routes of people and members, `apiKey` for those of an agent's key. */
export interface Caller {
  ip: string;
  identity: Actor | undefined;
  apiKey: string | undefined;
}

/** Checks that the caller is of the kind that a route is for. */
export class Callers {
  private readonly adminKey: Buffer;

  constructor(
    private readonly authenticator: Authenticator,
    adminKey: string,
  ) {
    this.adminKey = digest(adminKey);
  }

  /** @throws AppError `unauthorized` without a valid credential, `forbidden` with one of the wrong kind */
  async check(kind: CallerKind, request: Request): Promise<Caller> {
    const caller: Caller = { ip: request.ip ?? 'unknown', identity: undefined, apiKey: undefined };
    if (kind === 'anyone') return caller;
    if (kind === 'admin') {
      const key = request.headers['x-admin-key'];
      if (typeof key !== 'string') throw new AppError('unauthorized', 'X-Admin-Key is required');
      if (!timingSafeEqual(digest(key), this.adminKey))
        throw new AppError('unauthorized', 'X-Admin-Key is wrong');
      return caller;
    }
    // The key itself goes to auth, which limits attempts before it hashes.
    if (kind === 'agent_key') return { ...caller, apiKey: bearerOf(request.headers.authorization) };
    const { identity } = await this.authenticator.bearer(request.headers.authorization);
    if (kind === 'person' && identity.kind !== 'user')
      throw new AppError('forbidden', 'This is for people');
    return { ...caller, identity };
  }
}

/** Digests have equal lengths, which a constant-time comparison needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The identity of a caller whose route has one. */
export function identityOf({ identity }: Caller): Actor {
  if (!identity) throw new TypeError('this route has no identity');
  return identity;
}
