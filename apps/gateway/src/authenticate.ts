import type { Actor, authCalls, Client } from '@agent-messenger/contracts';
import { agentHandshakeSchema, clientHandshakeSchema, kindOf } from '@agent-messenger/contracts';
import { AppError, createTokenVerifier } from '@agent-messenger/service-kit';

/** Who someone has proved to be. */
export interface Credentials {
  identity: Actor;
  /** Session or key id; the store knows whether it is revoked. */
  credentialId: string;
  /** ms since the epoch; null: the credential does not run out by itself. */
  expiresAt: number | null;
}

/** Access tokens are verified here, without a call; API keys by auth. Every method throws AppError `unauthorized`. */
export class Authenticator {
  private readonly verify: ReturnType<typeof createTokenVerifier>;

  constructor(
    jwtSecret: string,
    private readonly auth: Pick<Client<typeof authCalls>, 'verifyApiKey'>,
  ) {
    this.verify = createTokenVerifier(jwtSecret);
  }

  token(token: string): Credentials {
    const { identityId, kind, credentialId, expiresAt } = this.verify(token);
    return { identity: { kind, id: identityId as Actor['id'] }, credentialId, expiresAt };
  }

  async apiKey(apiKey: string): Promise<Credentials> {
    const { agent_id, key_id } = await this.auth.verifyApiKey({ api_key: apiKey });
    return {
      identity: { kind: kindOf(agent_id), id: agent_id as Actor['id'] },
      credentialId: key_id,
      expiresAt: null,
    };
  }

  /** `Authorization: Bearer <jwt or API key>` */
  async bearer(authorization: string | undefined): Promise<Credentials> {
    const credential = bearerOf(authorization);
    return credential.startsWith('amk_') ? this.apiKey(credential) : this.token(credential);
  }

  /** A socket's handshake payload. `forbidden` when the credential is of the wrong kind for the namespace. */
  async handshake(kind: Actor['kind'], auth: unknown): Promise<Credentials> {
    const schema = kind === 'agent' ? agentHandshakeSchema : clientHandshakeSchema;
    const parsed = schema.safeParse(auth);
    if (!parsed.success) {
      // Without any credential the caller is nobody; with one of the wrong form the payload is wrong.
      if (!hasCredential(auth)) throw new AppError('unauthorized', 'Credentials are required');
      throw parsed.error;
    }
    const credentials =
      'api_key' in parsed.data
        ? await this.apiKey(parsed.data.api_key)
        : this.token(parsed.data.token);
    if (credentials.identity.kind !== kind) {
      throw new AppError(
        'forbidden',
        `This is not the credential of ${kind === 'agent' ? 'an agent' : 'a person'}`,
      );
    }
    return credentials;
  }
}

export function bearerOf(authorization: string | undefined): string {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
  if (!match?.[1]) throw new AppError('unauthorized', 'Authorization: Bearer is required');
  return match[1];
}

function hasCredential(auth: unknown): boolean {
  return typeof auth === 'object' && auth !== null && ('token' in auth || 'api_key' in auth);
}
