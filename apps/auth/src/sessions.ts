import type { Client, messagesCalls, Tokens } from '@agent-messenger/contracts';
import type { TokenIssuer } from '@agent-messenger/service-kit';
import { newRefreshToken, refreshDigest } from './refresh-tokens';

interface SessionsOptions {
  store: Pick<Client<typeof messagesCalls>, 'createSession' | 'rotateSession'>;
  issueToken: TokenIssuer;
  refreshTtlSeconds: number;
}

export interface Sessions {
  open(userId: string): Promise<Tokens>;
  /** @throws AppError `unauthorized`; a token that was already used ends its session */
  renew(refreshToken: string): Promise<Tokens>;
}

export function createSessions(options: SessionsOptions): Sessions {
  const { store, issueToken, refreshTtlSeconds } = options;
  const expiresAt = () => new Date(Date.now() + refreshTtlSeconds * 1_000).toISOString();

  function answer(userId: string, sessionId: string, refreshToken: string): Tokens {
    const { token, expiresIn } = issueToken({ identityId: userId, credentialId: sessionId });
    return {
      access_token: token,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: expiresIn,
      user_id: userId,
    };
  }

  return {
    async open(userId) {
      const refreshToken = newRefreshToken();
      const { session_id } = await store.createSession({
        user_id: userId,
        refresh_digest: refreshDigest(refreshToken),
        expires_at: expiresAt(),
      });
      return answer(userId, session_id, refreshToken);
    },
    async renew(refreshToken) {
      const next = newRefreshToken();
      const { session_id, user_id } = await store.rotateSession({
        refresh_digest: refreshDigest(refreshToken),
        next_digest: refreshDigest(next),
        expires_at: expiresAt(),
      });
      return answer(user_id, session_id, next);
    },
  };
}
