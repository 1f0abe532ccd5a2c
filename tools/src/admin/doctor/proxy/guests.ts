import { createRest } from '@agent-messenger/sdk/rest';
import { randomBytes } from 'node:crypto';
import type { AdminContext } from '../../admin-context';

/** A person and an agent of the doctor's own, with a conversation. */
export interface Guests {
  conversationId: string;
  /** The person's. */
  token: string;
  apiKey: string;
}

/** Makes guests with the admin key, and leaves nothing of them but entries of the audit log. */
export async function withGuests<T>(
  base: string,
  context: Pick<AdminContext, 'request'>,
  visit: (guests: Guests) => Promise<T>,
): Promise<T> {
  const id = randomBytes(6).toString('hex');
  const body = { username: `doctor-${id}`, password: randomBytes(18).toString('hex') };
  const clients = createRest(base);
  const person = await context.request('createUser', { body });
  try {
    const { agent, api_key: apiKey } = await context.request('createAgent', {
      body: { name: `doctor ${id}`, access: 'listed' },
    });
    try {
      await context.request('addAgentPerson', {
        params: { agent_id: agent.id, user_id: person.user_id },
      });
      const { access_token: token } = await clients.request('login', { body });
      const opened = await clients.request(
        'createConversation',
        { body: { agent_id: agent.id as `agt_${string}` } },
        { bearer: token },
      );
      return await visit({ conversationId: opened.id, token, apiKey });
    } finally {
      await context.request('deleteAgent', { params: { agent_id: agent.id } });
    }
  } finally {
    await context.request('eraseUser', { params: { user_id: person.user_id } });
  }
}
