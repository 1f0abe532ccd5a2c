import type { TokenIssuer } from '@agent-messenger/service-kit';
import type { ApiKeyVerifier } from '../api-key-verifier';
import type { AuthHandlers } from './handler';

export function agentTokenCall(
  apiKeys: ApiKeyVerifier,
  issueToken: TokenIssuer,
): AuthHandlers['agentToken'] {
  return async ({ api_key, by }) => {
    const { agent_id, key_id, expires_at } = await apiKeys.verify(api_key, by);
    const { token, expiresIn } = issueToken({
      identityId: agent_id,
      credentialId: key_id,
      notAfter: expires_at === null ? null : Date.parse(expires_at),
    });
    return { access_token: token, expires_in: expiresIn, agent_id };
  };
}
