import type { TokenIssuer } from '@agent-messenger/service-kit';
import type { ApiKeyVerifier } from '../api-key-verifier';
import type { AuthHandlers } from './handler';

export function agentTokenCall(
  apiKeys: ApiKeyVerifier,
  issueToken: TokenIssuer,
): AuthHandlers['agentToken'] {
  return async ({ api_key }) => {
    const { agent_id, key_id } = await apiKeys.verify(api_key);
    const { token, expiresIn } = issueToken({ identityId: agent_id, credentialId: key_id });
    return { access_token: token, expires_in: expiresIn, agent_id };
  };
}
