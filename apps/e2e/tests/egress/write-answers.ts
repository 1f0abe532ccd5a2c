import type { TestSocketBase } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';

interface Answering {
  agent: TestSocketBase;
  person: TestSocketBase;
  conversation: string;
  /** Makes something secret. */
  made(what: string): string;
}

/** An answer that is read while it is written and asks something, what is chosen, and one that fails. */
export async function writeAnswers({
  agent,
  person,
  conversation,
  made,
}: Answering): Promise<void> {
  const within = { conversation_id: conversation as `cnv_${string}` };
  const activity = { ...within, state: 'thinking', label: made('activity') } as const;
  await agent.request('activity', activity);

  const text = made('answer');
  const asks = { ...within, stream_id: randomUUID() };
  await agent.request('stream:start', asks);
  await agent.request('stream:append', { ...asks, offset: 0, text });
  await person.when('stream', (piece) => piece.text === text);
  // Whatever is refused is repeated nowhere.
  await agent.request('stream:append', { ...asks, offset: 0, text: `${made('answer')}\ud83d` });
  const ended = await agent.request('stream:end', {
    ...{ ...asks, offset: text.length },
    actions: [{ id: 'yes', label: made('label') }],
  });
  if (!ended.ok) throw new Error(ended.error.message);
  const message_id = ended.message.id as `msg_${string}`;
  await person.request('action:choose', { ...within, message_id, action_id: 'yes' });

  const fails = { ...within, stream_id: randomUUID() };
  await agent.request('stream:start', fails);
  await agent.request('stream:append', { ...fails, offset: 0, text: made('answer') });
  await agent.request('stream:fail', { ...fails, error: made('failure') });
}
