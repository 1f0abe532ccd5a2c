import { createHash, timingSafeEqual } from 'node:crypto';
import type { Actor, Caller as CallerKind, Origin } from '@agent-messenger/contracts';
import type { AuditLog } from '@agent-messenger/service-kit';
import { AppError } from '@agent-messenger/service-kit';
import type { Request } from 'express';
import type { Authenticator, Credentials } from '../credentials/authenticate';
import { bearerOf, isApiKey } from '../credentials/authenticate';
import type { ConfirmedCredentials } from '../credentials/confirmed-credentials';
import type { ClientAddress } from './client-address/client-address';
import type { RateLimit } from '../limits/rate-limit';

/** Who calls a route. `identity` is there for routes of people and members, `apiKey` for those of an agent's key. */
export interface Caller {
  ip: string;
  identity: Actor | undefined;
  /** Session or key id that the identity came with. */
  credentialId: string | undefined;
  apiKey: string | undefined;
}

interface CallersOptions {
  authenticator: Authenticator;
  confirmed: ConfirmedCredentials;
  wrongKeys: RateLimit;
  audit: AuditLog;
  adminKey: string;
  clientIp: ClientAddress;
}

/** Checks that the caller is of the kind that a route is for. */
export class Callers {
  private readonly adminKey: Buffer;

  constructor(private readonly options: CallersOptions) {
    this.adminKey = digest(options.adminKey);
  }

  /** @throws AppError `unauthorized` without a valid credential, `forbidden` with one of the wrong kind */
  async check(kind: CallerKind, request: Request): Promise<Caller> {
    const caller: Caller = {
      ip: this.options.clientIp(request),
      identity: undefined,
      credentialId: undefined,
      apiKey: undefined,
    };
    if (kind === 'anyone') return caller;
    if (kind === 'admin') {
      const key = request.headers['x-admin-key'];
      if (typeof key !== 'string' || key === '')
        throw new AppError('unauthorized', 'X-Admin-Key is required');
      await this.options.audit.watch('admin.authenticate', originOf(caller), () =>
        this.unlessGuessing(caller.ip, () => this.checkAdminKey(key)),
      );
      return caller;
    }
    if (kind === 'agent_key') {
      const apiKey = bearerOf(request.headers.authorization);
      if (!isApiKey(apiKey) && (await this.isGoodToken(apiKey)))
        throw new AppError('forbidden', 'This is for the API key of an agent');
      // The key itself goes to auth, which limits attempts before it hashes, and so does what is no credential at all.
      return { ...caller, apiKey };
    }
    const credentials = await this.bearer(request, caller.ip);
    const { identity, credentialId } = credentials;
    if (kind === 'person' && identity.kind !== 'user')
      throw new AppError('forbidden', 'This is for people');
    await this.options.confirmed.check(credentials);
    return { ...caller, identity, credentialId };
  }

  private async bearer({ headers: { authorization } }: Request, ip: string): Promise<Credentials> {
    const verify = () => this.options.authenticator.bearer(authorization, ip);
    // Tokens are checked here and cannot be guessed; a key costs auth and the store a look.
    const credential = bearerOf(authorization);
    const isGuess = isApiKey(credential) && !this.options.authenticator.rightKeys.has(credential);
    return isGuess ? this.unlessGuessing(ip, verify) : verify();
  }

  private async isGoodToken(token: string): Promise<boolean> {
    try {
      await this.options.confirmed.check(await this.options.authenticator.token(token));
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'unauthorized') return false;
      throw error;
    }
  }

  private checkAdminKey(key: string): void {
    if (!timingSafeEqual(digest(key), this.adminKey))
      throw new AppError('unauthorized', 'X-Admin-Key is wrong');
  }

  /** An address that has shown too many wrong keys is told nothing about further ones, right or wrong. */
  private async unlessGuessing<T>(ip: string, verify: () => T | Promise<T>): Promise<T> {
    const { wrongKeys } = this.options;
    await wrongKeys.check(ip);
    try {
      return await verify();
    } catch (error) {
      if (error instanceof AppError && error.code === 'unauthorized') await wrongKeys.count(ip);
      throw error;
    }
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

/** The session or key of a caller whose route has an identity. */
export function credentialOf({ credentialId }: Caller): string {
  if (credentialId === undefined) throw new TypeError('this route has no identity');
  return credentialId;
}

/** For the audit log: the identity of the caller, or somebody who has none. */
export function originOf({ identity, ip }: Caller): Origin {
  return { actor: identity ?? { kind: 'anyone', id: null }, ip };
}

/** For the audit log, of routes for operators. */
export function adminOrigin({ ip }: Caller): Origin {
  return { actor: { kind: 'admin', id: null }, ip };
}
