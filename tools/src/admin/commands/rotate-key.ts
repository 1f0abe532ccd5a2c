import type { AgentKey } from '@agent-messenger/contracts';
import { UsageError } from '../../command-line';
import { defineCommand } from '../command';
import type { AdminContext } from '../admin-context';
import { keysOf } from './keys-of';

export const rotateKey = defineCommand({
  usage: '<agent-id> [--replaces KEY-ID] [--overlap SECONDS] [--name TEXT]',
  summary:
    'Makes a new API key for an agent in the place of the one that it has, or of --replaces, which it asks for where there are several, those that run out included; the old one goes on for the overlap (default an hour), or with 0 ends at once.',
  takes: 1,
  options: {
    replaces: { type: 'string' },
    overlap: { type: 'string' },
    name: { type: 'string' },
  },
  async run({ args: [agent_id = ''], values: { replaces, overlap, name } }, context) {
    if (overlap !== undefined && !/^\d{1,8}$/.test(overlap)) {
      throw new UsageError(`--overlap takes seconds, not "${overlap}"`);
    }
    const old = replaces ?? (await onlyKeyOf(context, agent_id));
    const created = await context.request('createAgentKey', {
      params: { agent_id },
      body: {
        replaces: old,
        ...(overlap !== undefined && { overlap_s: Number(overlap) }),
        ...(name !== undefined && { name }),
      },
    });
    context.print({ ...created, replaced: old }, [
      `key id   ${created.key_id}, in the place of ${old}`,
      `API key  ${created.api_key}`,
    ]);
  },
});

/** The key that a rotation is about, where nobody has said which. */
async function onlyKeyOf(context: AdminContext, agentId: string): Promise<string> {
  const keys = (await keysOf(context, agentId)).filter(isValid);
  const [key, ...others] = keys;
  if (!key) throw new UsageError(`${agentId} has no key to replace: create-key makes one`);
  if (others.length === 0) return key.key_id;
  throw new UsageError(
    `${agentId} has ${keys.length} keys; say which with --replaces: ${keys.map(told).join(', ')}`,
  );
}

/**
 * Also one that runs out because it was replaced: until then it may be the one that is in use, and the one that leaked.
 */
function isValid({ revoked_at, expires_at }: AgentKey): boolean {
  return revoked_at === null && (expires_at === null || Date.parse(expires_at) > Date.now());
}

function told({ key_id, name, last_used_at, expires_at }: AgentKey): string {
  const until = expires_at === null ? '' : `, until ${expires_at}`;
  return `${key_id} (${name}, last used ${last_used_at ?? 'never'}${until})`;
}
