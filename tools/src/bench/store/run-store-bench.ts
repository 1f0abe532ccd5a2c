import { messagesCalls, type Client } from '@agent-messenger/contracts';
import { createClient, createLogger, Scope } from '@agent-messenger/service-kit';
import { startStack, type Stack } from '@agent-messenger/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { takeBackup } from '../../admin/backup/take-backup';
import { makeWorkFolder } from '../work-folder';
import type { StoreBenchOptions } from './options';

export interface StoreReport {
  messages: number;
  node: string;
  cpus: number;
  /** Durable messages per second, by tenths of the run: what growth costs. */
  appends_per_s: number[];
  bytes_per_message: number;
  /** From the start of the process to its readiness, with the store full. */
  start_ms: number;
  /** The newest page of a conversation, median of 100. */
  history_ms: number;
  backup_s: number;
}

const OPERATOR = { actor: { kind: 'admin', id: null }, ip: null } as const;
const CONVERSATIONS = 1_000;
/** What several gateways under load hand over together. */
const BATCH = 256;
/** Batches under way at once. */
const WRITERS = 2;
const CONTENT = 'x'.repeat(200);

/** Fills a store through the calls that gateways use. */
export async function runStoreBench(
  { thousands }: StoreBenchOptions,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<StoreReport> {
  const dataDir = makeWorkFolder('bench-store');
  const scope = new Scope(createLogger({ name: 'bench', level: 'silent' }));
  scope.defer('folder', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 }));
  try {
    const stack = await startStack({
      dataDir,
      signal,
      report: say,
      env: { messages: { LOG_LEVEL: 'warn' } },
    });
    scope.defer('stack', () => stack.stop());
    const filled = await fill(stack, thousands * 1_000, { scope, signal, say });
    const { messages, appends_per_s, conversations } = filled;
    const database = join(dataDir, 'messages.db');

    await stack.messages.stop();
    const bytes = statSync(database).size;
    const startedAt = performance.now();
    await stack.messages.start();
    const start_ms = performance.now() - startedAt;

    const history_ms = await readHistories(callMessages(stack, scope), conversations);
    const backupAt = performance.now();
    await takeBackup(database, join(dataDir, 'backups'));
    return {
      messages,
      node: process.version,
      cpus: availableParallelism(),
      appends_per_s,
      bytes_per_message: bytes / messages,
      start_ms,
      history_ms,
      backup_s: (performance.now() - backupAt) / 1_000,
    };
  } finally {
    await scope.close();
  }
}

interface Conversation {
  conversation_id: `cnv_${string}`;
  identity_id: string;
}

/** Rounded up to whole batches. */
async function fill(
  stack: Stack,
  least: number,
  { scope, signal, say }: { scope: Scope; signal: AbortSignal; say: (line: string) => void },
) {
  const messages = callMessages(stack, scope);
  const conversations = await openConversations(messages);
  const appends_per_s: number[] = [];
  const batches = Math.ceil(least / 10 / BATCH);
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    const startedAt = performance.now();
    const queue = Array.from({ length: batches }).entries();
    await Promise.all(
      Array.from({ length: WRITERS }, async () => {
        for (const [n] of queue) {
          signal.throwIfAborted();
          await append(messages, conversations, n * BATCH);
        }
      }),
    );
    const rate = (batches * BATCH * 1_000) / (performance.now() - startedAt);
    appends_per_s.push(rate);
    say(`${tenth * 10} %: ${Math.round(rate)} messages/s`);
  }
  return { messages: 10 * batches * BATCH, appends_per_s, conversations };
}

async function openConversations(messages: Client<typeof messagesCalls>): Promise<Conversation[]> {
  const { id: agent_id } = await messages.createAgent({
    name: 'Bench',
    key_id: randomUUID(),
    key_hash: 'none',
    by: OPERATOR,
  });
  const opened: Conversation[] = [];
  for (let n = 0; n < CONVERSATIONS; n += 1) {
    const { user_id } = await messages.createUser({
      username: `p-${randomBytes(8).toString('hex')}`,
      password_hash: 'none',
      by: OPERATOR,
    });
    const { conversation } = await messages.createConversation({ user_id, agent_id });
    opened.push({
      conversation_id: conversation.id as Conversation['conversation_id'],
      identity_id: user_id,
    });
  }
  return opened;
}

async function append(
  messages: Client<typeof messagesCalls>,
  conversations: Conversation[],
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

async function readHistories(
  messages: Client<typeof messagesCalls>,
  conversations: Conversation[],
): Promise<number> {
  const times: number[] = [];
  for (const conversation of conversations.slice(0, 100)) {
    const startedAt = performance.now();
    await messages.listMessages({ ...conversation, limit: 50 });
    times.push(performance.now() - startedAt);
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

function callMessages(stack: Stack, scope: Scope): Client<typeof messagesCalls> {
  const secret = readFileSync(join(stack.dataDir, 'internal_jwt_secret'), 'utf8').trim();
  const { internalUrl: url } = stack.messages;
  return createClient(messagesCalls, { url, service: 'messages', secret, scope });
}
