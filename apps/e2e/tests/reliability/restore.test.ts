import { findRoot, waitFor } from '@agent-messenger/testkit';
import { execFile } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEchoTalk } from './echo-talk';
import { startReliability, type Reliability } from './setup';

let system: Reliability;
beforeAll(async () => {
  system = await startReliability();
}, 60_000);
afterAll(() => system.stop(), 60_000);

/** As `npm run admin -- restore` has it done. */
async function restore(backup: string, database: string): Promise<void> {
  const program = join(findRoot(), 'apps', 'messages', 'dist', 'restore-store.js');
  await promisify(execFile)(process.execPath, [program, database, '--backup', backup]);
}

test('restore from a backup: clients drop their positions, reload and go on', async () => {
  const { stack } = system;
  const database = join(stack.dataDir, 'messages.db');
  const { client, conversation, texts, talk, close } = await startEchoTalk(system);
  try {
    await talk('kept');
    await stack.messages.stop();
    copyFileSync(database, `${database}.backup`);
    await stack.messages.start();
    await talk('lost');
    const before = client.logId;

    await stack.messages.stop();
    await restore(`${database}.backup`, database);
    await stack.messages.start();
    // Nothing is left to be relayed, and nobody says anything.
    await waitFor(() => client.logId !== before, { describe: 'the client sees another log' });
    // Fewer events than everybody has seen: positions of the old log would hide it.
    await talk('new');
    expect(texts()).toEqual(['kept', 're: kept', 'new', 're: new']);
    // The list is read anew, too, in its own time.
    const listed = () => client.conversations().find(({ id }) => id === conversation.id);
    await waitFor(() => listed()?.last_seq === 5, { describe: 'the conversation to be listed' });
  } finally {
    await close();
  }
}, 60_000);
