import {
  conversationState,
  connectAgent,
  connectClient,
  messagesOf,
  type Client,
  type ClientConversation,
} from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  findRoot,
  startStack,
  waitFor,
  type Stack,
} from '@agent-messenger/testkit';
import { execFile } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const backoff = { minMs: 50, maxMs: 500 };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
}, 60_000);
afterAll(() => stack.stop(), 60_000);

/** As an operator runs it. */
async function admin(...args: string[]): Promise<Record<string, unknown>> {
  const entry = join(findRoot(), 'tools', 'dist', 'admin.js');
  const { stdout } = await run(process.execPath, [
    entry,
    ...args,
    '--json',
    '--data-dir',
    stack.dataDir,
  ]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function textsOf(client: Client, conversation: ClientConversation): Promise<string[]> {
  const current = await client.rest.request('getConversation', {
    params: { conversation_id: conversation.id },
  });
  const state = conversationState(current, await conversation.history({ limit: 200 }));
  return messagesOf(state).map(({ content }) => content ?? '');
}

test('load, backup under load, destroy, restore, check', async () => {
  const url = stack.gateways[0]!.url;
  const [identity, { username, password }] = await Promise.all([
    createAgent(url, stack.adminKey),
    createPerson(url),
  ]);
  const agent = await connectAgent({ url, apiKey: identity.api_key, backoff });
  const client = await connectClient({ url, username, password, backoff });
  try {
    const conversation = await client.openConversation({ agent_id: identity.id });
    let sent = 0;
    let loading = true;
    const load = (async () => {
      for (; loading; sent += 1) await conversation.send(`message ${sent + 1}`);
    })();
    await waitFor(() => sent >= 50, { describe: 'some load' });
    const before = sent;
    const backups = join(stack.dataDir, 'backups');
    const backup = await admin('backup', '--to', backups);
    const after = sent;
    loading = false;
    await load;
    // It went on while the backup was made.
    expect(after).toBeGreaterThan(before);

    // What is left of the store is the log of a process that was killed, which is no log of the backup.
    await stack.messages.kill();
    const database = join(stack.dataDir, 'messages.db');
    rmSync(database);
    expect(statSync(`${database}-wal`).size).toBeGreaterThan(0);
    const restored = await admin('restore', '--latest', backups);
    expect(restored['backup']).toBe(backup['file']);
    const { logId } = client;
    await stack.messages.start();

    await waitFor(() => client.logId !== logId, { describe: 'the client sees another log' });
    const texts = await textsOf(client, conversation);
    // All that was acked before it began, a prefix of what was sent, and no hole in between.
    expect(texts.length).toBeGreaterThanOrEqual(Math.min(before, 200));
    const last = Number(texts.at(-1)?.split(' ')[1]);
    expect(last).toBeGreaterThanOrEqual(before);
    expect(texts).toEqual(texts.map((_text, n) => `message ${last - texts.length + n + 1}`));

    const { message } = await conversation.send('after the restore');
    expect(message.seq).toBe(last + 2);
  } finally {
    await Promise.all([client.close(), agent.close()]);
  }
}, 90_000);
