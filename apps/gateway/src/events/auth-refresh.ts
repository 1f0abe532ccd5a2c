import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Authenticator } from '../credentials/authenticate';
import type { RequestHandler } from '../requests/dispatch';

/** A newer token of the same identity keeps the connection open; a refused one changes nothing. */
export function authRefresh(
  authenticator: Authenticator,
  messages: Pick<Client<typeof messagesCalls>, 'authorize'>,
): RequestHandler<'auth:refresh'> {
  return async (connection, { token }) => {
    const { identity, credentialId, expiresAt } = await authenticator.token(token);
    if (identity.id !== connection.identity.id)
      throw new AppError('forbidden', 'This is the token of somebody else');
    // Revocation is by credential: the connection is of the session that it came with.
    if (credentialId !== connection.credentialId) {
      throw new AppError('forbidden', 'This is the token of another session');
    }
    await messages.authorize({ identity_id: identity.id, credential_id: credentialId });
    // A connection by API key does not run out, whatever token it is shown.
    if (connection.hasExpiry) connection.expireAt(expiresAt);
    return { expires_in: Math.max(0, Math.floor(((expiresAt ?? 0) - Date.now()) / 1_000)) };
  };
}
