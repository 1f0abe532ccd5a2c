import type { AuditLog } from '@agent-messenger/service-kit';
import { formatApiKey, newApiKey } from '../api-keys';
import type { Hasher } from '../hasher';
import type { AuthHandlers, Store } from './handler';

/** The API key is in this answer and nowhere else: only its hash is stored. */
export function createAgentKeyCall(
  store: Store,
  hasher: Hasher,
  audit: AuditLog,
): AuthHandlers['createAgentKey'] {
  return ({ expires_at = null, ...request }) =>
    audit.watch('key.create', request.by, async (about) => {
      about.target = request.agent_id;
      const key = newApiKey();
      const key_hash = await hasher.hash(key.secret);
      const names = { key_id: key.keyId, key_hash, expires_at };
      const stored = await store.createAgentKey({ ...request, ...names });
      return { ended: stored.ended, key: { ...stored.key, api_key: formatApiKey(key) } };
    });
}
