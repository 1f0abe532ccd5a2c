import { createTokenIssuer, hs256Key, Scope, createLogger } from '@agent-messenger/service-kit';
import { inParallel, type Stack } from '@agent-messenger/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callMessages, OPERATOR, type Messages } from '../call-messages';
import type { Pair } from '../connect-pairs';

const DAY_S = 86_400;

/** Pairs with tokens, past the gateway: hashing passwords takes most of a thousand registrations. */
export async function makePairs(stack: Stack, count: number): Promise<Pair[]> {
  const scope = new Scope(createLogger({ name: 'bench', level: 'silent' }));
  try {
    const messages = callMessages(stack, scope);
    const secret = readFileSync(join(stack.dataDir, 'jwt_secret'), 'utf8').trim();
    const issue = createTokenIssuer({ key: hs256Key(secret), ttlSeconds: DAY_S });
    const withToken = (id: string, credentialId: string) => ({
      id,
      auth: { token: issue({ identityId: id, credentialId }).token },
    });
    return await inParallel(Array.from({ length: count }), async () => {
      const { user_id, session_id } = await makePerson(messages);
      const key_id = randomUUID();
      const agent = { name: 'Bench', key_id, key_hash: 'none', by: OPERATOR };
      const { id: agent_id } = await messages.createAgent(agent);
      const { conversation } = await messages.createConversation({ user_id, agent_id });
      // Both have seen that there is one: who connects finds nothing undelivered.
      const seen = {
        op: 'received',
        conversation_id: conversation.id,
        seq: 1,
        epoch: null,
      } as const;
      await messages.append({
        operations: [user_id, agent_id].map((identity_id) => ({ ...seen, identity_id })),
      });
      return {
        conversationId: conversation.id,
        person: withToken(user_id, session_id),
        agent: withToken(agent_id, key_id),
      };
    });
  } finally {
    await scope.close();
  }
}

async function makePerson(messages: Messages): Promise<{ user_id: string; session_id: string }> {
  const username = `p-${randomBytes(8).toString('hex')}`;
  const { user_id } = await messages.createUser({ username, password_hash: 'none', by: OPERATOR });
  const { session_id } = await messages.createSession({
    user_id,
    refresh_digest: randomUUID(),
    expires_at: new Date(Date.now() + DAY_S * 1_000).toISOString(),
    by: OPERATOR,
  });
  return { user_id, session_id };
}
