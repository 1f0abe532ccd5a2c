import type { Actor, authCalls, Client, ClientWishes } from '@agent-messenger/contracts';
import { agentHandshakeSchema, clientHandshakeSchema, kindOf } from '@agent-messenger/contracts';
import type { TokenVerifier } from '@agent-messenger/service-kit';
import { AppError, createTokenVerifier, findAmong, hs256Key } from '@agent-messenger/service-kit';
import type { GatewayConfig } from '../config';
import { RightKeys } from './right-keys';
import { JwksCache } from './jwks-cache';

/** Who someone has proved to be. */
export interface Credentials {
  identity: Actor;
  /** Session or key id; the store knows whether it is revoked. */
  credentialId: string;
  /** ms since the epoch; null: the credential does not run out by itself. */
  expiresAt: number | null;
}

/**
 * Access tokens are verified here, with the secrets and with the public keys of auth; API keys by auth. Every method
 * rejects with AppError `unauthorized`, or `unavailable` when auth has to be asked and is away.
 */
export class Authenticator {
  private readonly verify: TokenVerifier;
  /** Keys that are not guessed: their owners are let pass where an address has shown too many wrong ones. */
  readonly rightKeys = new RightKeys();

  constructor(
    config: Pick<GatewayConfig, 'JWT_SECRET' | 'JWT_SECRET_PREVIOUS' | 'JWT_ES256'>,
    private readonly auth: Pick<Client<typeof authCalls>, 'verifyApiKey' | 'jwks'>,
  ) {
    const secrets = [config.JWT_SECRET, config.JWT_SECRET_PREVIOUS];
    const own = findAmong(secrets.flatMap((secret) => (secret ? [hs256Key(secret)] : [])));
    const published = config.JWT_ES256 ? new JwksCache(auth) : undefined;
    this.verify = createTokenVerifier((kid, alg) =>
      alg === 'ES256' ? published?.find(kid) : own(kid),
    );
  }

  async token(token: string): Promise<Credentials> {
    const { identityId, kind, credentialId, expiresAt } = await this.verify(token);
    return { identity: { kind, id: identityId as Actor['id'] }, credentialId, expiresAt };
  }

  async apiKey(apiKey: string, ip: string): Promise<Credentials> {
    const by = { actor: { kind: 'anyone' as const, id: null }, ip };
    const { agent_id, key_id, expires_at } = await this.auth
      .verifyApiKey({ api_key: apiKey, by })
      .catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'unauthorized')
          this.rightKeys.delete(apiKey);
        throw error;
      });
    this.rightKeys.add(apiKey);
    return {
      identity: { kind: kindOf(agent_id), id: agent_id as Actor['id'] },
      credentialId: key_id,
      expiresAt: expires_at === null ? null : Date.parse(expires_at),
    };
  }

  /** `Authorization: Bearer <jwt or API key>` */
  async bearer(authorization: string | undefined, ip: string): Promise<Credentials> {
    const credential = bearerOf(authorization);
    return isApiKey(credential) ? this.apiKey(credential, ip) : this.token(credential);
  }

  /** A socket's handshake payload. `forbidden` when the credential is of the wrong kind for the namespace. */
  async handshake(
    kind: Actor['kind'],
    auth: unknown,
    ip: string,
  ): Promise<Credentials & { wishes: ClientWishes }> {
    // By its form, and unseen: nobody learns here which keys there are.
    if (kind === 'user' && isApiKey(shownIn(auth)))
      throw new AppError('forbidden', 'An API key is the credential of an agent');
    const schema = kind === 'agent' ? agentHandshakeSchema : clientHandshakeSchema;
    const parsed = schema.safeParse(auth);
    if (!parsed.success) {
      // Without any credential the caller is nobody; with one of the wrong form the payload is wrong.
      if (!hasCredential(auth)) throw new AppError('unauthorized', 'Credentials are required');
      throw parsed.error;
    }
    const credentials =
      'api_key' in parsed.data
        ? await this.apiKey(parsed.data.api_key, ip)
        : await this.token(parsed.data.token);
    if (credentials.identity.kind !== kind) {
      throw new AppError(
        'forbidden',
        `This is not the credential of ${kind === 'agent' ? 'an agent' : 'a person'}`,
      );
    }
    return { ...credentials, wishes: parsed.data };
  }
}

export function isApiKey(credential: string): boolean {
  return credential.startsWith('amk_');
}

export function bearerOf(authorization: string | undefined): string {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
  if (!match?.[1]) throw new AppError('unauthorized', 'Authorization: Bearer is required');
  return match[1];
}

/** The credentials that a handshake's payload has, of whatever form. */
export function presentedIn(auth: unknown): { token?: unknown; api_key?: unknown } {
  return typeof auth === 'object' && auth !== null ? auth : {};
}

/** Its token, or the key that is there instead. */
function shownIn(auth: unknown): string {
  const { token, api_key: key } = presentedIn(auth);
  const shown = token ?? key;
  return typeof shown === 'string' ? shown : '';
}

function hasCredential(auth: unknown): boolean {
  const presented = presentedIn(auth);
  return 'token' in presented || 'api_key' in presented;
}
