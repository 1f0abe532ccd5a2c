import type { AuditLog } from '@agent-messenger/service-kit';
import { formatApiKey, newApiKey } from '../api-keys';
import type { Hasher } from '../hasher';
import type { AuthHandlers, Store } from './handler';

/** The API key is in this answer and nowhere else: only its hash is stored. */
export function createAgentCall(
  store: Store,
  hasher: Hasher,
  audit: AuditLog,
): AuthHandlers['createAgent'] {
  return (request) =>
    audit.watch('agent.create', request.by, async () => {
      const key = newApiKey();
      const key_hash = await hasher.hash(key.secret);
      const agent = await store.createAgent({ ...request, key_id: key.keyId, key_hash });
      return { agent, api_key: formatApiKey(key), key_id: key.keyId };
    });
}
