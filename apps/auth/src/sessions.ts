import type { Client, Ended, messagesCalls, Origin, Tokens } from '@agent-messenger/contracts';
import type { TokenIssuer } from '@agent-messenger/service-kit';
import { newRefreshToken, refreshDigest } from './refresh-tokens';

interface SessionsOptions {
  store: Pick<Client<typeof messagesCalls>, 'createSession' | 'rotateSession'>;
  issueToken: TokenIssuer;
  refreshTtlSeconds: number;
}

interface Password {
  hash: string;
  /** Of a higher cost, to take its place. */
  rehash?: string;
}

export interface Sessions {
  /**
   * `ended`: sessions that had to make room.
   * @throws AppError `unauthorized` when the hash that the password was compared with is no longer the person's
   */
  open(userId: string, password: Password, by: Origin): Promise<{ tokens: Tokens; ended: Ended }>;
  /** Null instead of tokens: the refresh token is not valid, or was stolen and its session has ended. */
  renew(refreshToken: string, by: Origin): Promise<{ tokens: Tokens | null; ended: Ended }>;
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
    async open(userId, password, by) {
      const refreshToken = newRefreshToken();
      const { session_id, ended } = await store.createSession({
        user_id: userId,
        refresh_digest: refreshDigest(refreshToken),
        expires_at: expiresAt(),
        password,
        by,
      });
      return { tokens: answer(userId, session_id, refreshToken), ended };
    },
    async renew(refreshToken, by) {
      const next = newRefreshToken();
      const { session, ended } = await store.rotateSession({
        refresh_digest: refreshDigest(refreshToken),
        next_digest: refreshDigest(next),
        expires_at: expiresAt(),
        by,
      });
      return { tokens: session && answer(session.user_id, session.session_id, next), ended };
    },
  };
}
