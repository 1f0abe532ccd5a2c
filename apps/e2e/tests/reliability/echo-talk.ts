import type { Event } from '@agent-messenger/contracts';
import {
  applyEvent,
  connectAgent,
  connectClient,
  conversationState,
  messagesOf,
  type ConversationState,
} from '@agent-messenger/sdk';
import { createAgent, createPerson, waitFor } from '@agent-messenger/testkit';
import { gatewaysOf, type Reliability } from './setup';

const backoff = { minMs: 50, maxMs: 500 };

/**
 * A person at the first gateway and an agent at the second one that repeats what it is told, in a conversation that is
 * loaded, followed by its events, and loaded anew when the log is another one.
 */
export async function startEchoTalk(system: Reliability) {
  const [first, second] = gatewaysOf(system);
  const [identity, { username, password }] = await Promise.all([
    createAgent(first.url, system.stack.adminKey),
    createPerson(first.url),
  ]);
  const login = (url: string) => connectClient({ url, username, password, backoff });
  const agent = await connectAgent({ url: second.url, apiKey: identity.api_key, backoff });
  const client = await login(first.url);
  agent.onMessage((message, reply) => reply.send(`re: ${message.content}`));
  const conversation = await client.openConversation({ agent_id: identity.id });
  let state: ConversationState | undefined;
  /** What comes while it is being loaded. */
  let meanwhile: Event[] = [];
  let reloads = 0;
  async function load(): Promise<ConversationState> {
    const current = await client.rest.request('getConversation', {
      params: { conversation_id: conversation.id },
    });
    return conversationState(current, await conversation.history({ limit: 200 }));
  }
  async function reload(): Promise<void> {
    reloads += 1;
    const own = reloads;
    state = undefined;
    meanwhile = [];
    // A store that comes back may still refuse.
    const loaded = await waitFor(load, { describe: 'the conversation' });
    // A later one has all that came since it began.
    if (own === reloads) state = meanwhile.reduce(applyEvent, loaded);
  }
  client.on('event', (event) => {
    if (state) state = applyEvent(state, event);
    else meanwhile.push(event);
  });
  client.on('reset', () => void reload());
  const texts = () => (state ? messagesOf(state).map(({ content }) => content) : []);
  await reload();
  return {
    client,
    conversation,
    texts,
    /** The same person, on a device without a past. */
    freshDevice: () => login(second.url),
    /** Resolves when the answer is there. */
    async talk(text: string, { timeoutMs = 30_000 } = {}): Promise<void> {
      await conversation.send(text);
      const describe = `the answer to ${text}`;
      await waitFor(() => texts().at(-1) === `re: ${text}`, { describe, timeoutMs });
    },
    close: () => Promise.all([client.close(), agent.close()]),
  };
}
