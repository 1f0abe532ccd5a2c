import type { Scope } from '@agent-messenger/service-kit';
import { startStack, type Stack } from '@agent-messenger/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { callMessages, OPERATOR, type Messages } from '../call-messages';
import { makeWorkFolder } from '../work-folder';
import { messagesOf } from '../other-build';
import type { StoreBenchOptions } from './options';
import { cpuOf } from './server-usage';

export const CONVERSATIONS = 1_000;
/** What several gateways under load hand over together. */
export const BATCH = 256;
/** Batches under way at once. */
const WRITERS = 2;
const CONTENT = 'x'.repeat(200);

export interface Conversation {
  conversation_id: `cnv_${string}`;
  identity_id: string;
}

/** A store of a build, its process, and what is in it. */
export interface FilledStore {
  name: 'ours' | 'against';
  store: StoreBenchOptions['store'];
  stack: Stack;
  messages: Messages;
  agent: { id: string; key: string };
  conversations: Conversation[];
  /** Of the server and its database, seconds of a core so far. */
  cpuSeconds(): number;
}

export async function startEmpty(
  { name, store, against }: { name: FilledStore['name'] } & StoreBenchOptions,
  context: { scope: Scope; signal: AbortSignal; say: (line: string) => void },
): Promise<FilledStore> {
  const { scope, signal, say } = context;
  const dataDir = makeWorkFolder('bench-store');
  scope.defer('folder', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 }));
  const stack = await startStack({
    ...{ dataDir, store, signal },
    report: say,
    env: { messages: { LOG_LEVEL: 'warn' } },
    ...(name === 'against' &&
      against !== undefined && {
        entries: { messages: messagesOf(against) },
      }),
  });
  scope.defer('stack', () => stack.stop());
  const messages = callMessages(stack, scope);
  const key = randomUUID();
  const { id } = await messages.createAgent({
    ...{ name: 'Bench', key_id: key, key_hash: 'none', by: OPERATOR },
  });
  const conversations: Conversation[] = [];
  for (let n = 0; n < CONVERSATIONS; n += 1) {
    signal.throwIfAborted();
    conversations.push(await openConversation(messages, id));
  }
  return {
    ...{ name, store, stack, messages, conversations },
    agent: { id, key },
    cpuSeconds: () => cpuOf(stack.pids()),
  };
}

async function openConversation(messages: Messages, agent_id: string): Promise<Conversation> {
  const { user_id } = await messages.createUser({
    username: `p-${randomBytes(8).toString('hex')}`,
    password_hash: 'none',
    by: OPERATOR,
  });
  const { conversation } = await messages.createConversation({ user_id, agent_id });
  return {
    conversation_id: conversation.id as Conversation['conversation_id'],
    identity_id: user_id,
  };
}

/** What appending some batches took. */
export interface Part {
  perSecond: number;
  /** Of the server and its database, a message. */
  cpuMicros: number;
}

export async function fillSome(
  { messages, conversations, cpuSeconds }: FilledStore,
  batches: number,
  signal: AbortSignal,
): Promise<Part> {
  const [startedAt, cpu] = [performance.now(), cpuSeconds()];
  const queue = Array.from({ length: batches }).entries();
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      for (const [n] of queue) {
        signal.throwIfAborted();
        await append(messages, conversations, n * BATCH);
      }
    }),
  );
  const count = batches * BATCH;
  return {
    perSecond: (count * 1_000) / (performance.now() - startedAt),
    cpuMicros: ((cpuSeconds() - cpu) * 1e6) / count,
  };
}

async function append(
  messages: Messages,
  conversations: readonly Conversation[],
  first: number,
): Promise<void> {
  const { results } = await messages.append({
    operations: Array.from({ length: BATCH }, (_, n) => ({
      op: 'send' as const,
      epoch: null,
      client_id: randomUUID(),
      content: CONTENT,
      ...(conversations[(first + n) % CONVERSATIONS] as Conversation),
    })),
  });
  const refused = results.find(({ ok }) => !ok);
  if (refused) throw new Error(`refused: ${JSON.stringify(refused)}`);
}
