import type { Event } from '@agent-messenger/contracts';
import {
  connectAgent,
  connectClient,
  conversationState,
  applyEvent,
  messagesOf,
  type ConversationState,
} from '@agent-messenger/sdk';
import { createAgent, createPerson, waitFor } from '@agent-messenger/testkit';
import Database from 'better-sqlite3';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gatewaysOf, startReliability, type Reliability } from './setup';

const backoff = { minMs: 50, maxMs: 500 };

let system: Reliability;
beforeAll(async () => {
  system = await startReliability();
}, 60_000);
afterAll(() => system.stop(), 60_000);

/** The store as it was, with a log identity of its own: what was committed since is no part of it. */
function restore(backup: string, database: string): void {
  copyFileSync(backup, database);
  for (const rest of ['-wal', '-shm']) rmSync(database + rest, { force: true });
  const db = new Database(database);
  db.prepare("DELETE FROM meta WHERE key = 'log_id'").run();
  db.close();
}

test('restore from a backup: clients drop their positions, reload and go on', async () => {
  const { stack } = system;
  const [first, second] = gatewaysOf(system);
  const [identity, person] = await Promise.all([
    createAgent(first.url, stack.adminKey),
    createPerson(first.url),
  ]);
  const { username, password } = person;
  const agent = await connectAgent({ url: second.url, apiKey: identity.api_key, backoff });
  const client = await connectClient({ url: first.url, username, password, backoff });
  const database = join(stack.dataDir, 'messages.db');
  try {
    agent.onMessage((message, reply) => reply.send(`re: ${message.content}`));
    const conversation = await client.openConversation({ agent_id: identity.id });
    let state: ConversationState | undefined;
    /** What comes while it is being loaded. */
    let meanwhile: Event[] = [];
    const reload = async () => {
      state = undefined;
      meanwhile = [];
      const current = await client.rest.request('getConversation', {
        params: { conversation_id: conversation.id },
      });
      const loaded = conversationState(current, await conversation.history({ limit: 200 }));
      state = meanwhile.reduce(applyEvent, loaded);
    };
    client.on('event', (event) => {
      if (state) state = applyEvent(state, event);
      else meanwhile.push(event);
    });
    client.on('reset', () => void reload());
    const texts = () => (state ? messagesOf(state).map(({ content }) => content) : []);
    const answered = (text: string) =>
      waitFor(() => texts().at(-1) === `re: ${text}`, { describe: `the answer to ${text}` });

    await reload();
    await conversation.send('kept');
    await answered('kept');
    await stack.messages.stop();
    copyFileSync(database, `${database}.backup`);
    await stack.messages.start();
    await conversation.send('lost');
    await answered('lost');
    const before = client.logId;

    await stack.messages.stop();
    restore(`${database}.backup`, database);
    await stack.messages.start();
    // Fewer events than everybody has seen: positions of the old log would hide it.
    await conversation.send('new');
    await answered('new');
    expect(client.logId).not.toBe(before);
    expect(texts()).toEqual(['kept', 're: kept', 'new', 're: new']);
    expect(client.conversations()).toMatchObject([{ id: conversation.id, last_seq: 5 }]);
  } finally {
    await Promise.all([client.close(), agent.close()]);
  }
}, 60_000);
