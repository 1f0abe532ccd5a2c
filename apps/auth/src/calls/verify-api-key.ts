import type { ApiKeyVerifier } from '../api-key-verifier';
import type { AuthHandlers } from './handler';

export function verifyApiKeyCall(apiKeys: ApiKeyVerifier): AuthHandlers['verifyApiKey'] {
  return ({ api_key, by }) => apiKeys.verify(api_key, by);
}
