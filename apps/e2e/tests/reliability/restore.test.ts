import { waitFor } from '@agent-messenger/testkit';
import Database from 'better-sqlite3';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEchoTalk } from './echo-talk';
import { startReliability, type Reliability } from './setup';

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
    restore(`${database}.backup`, database);
    await stack.messages.start();
    // Fewer events than everybody has seen: positions of the old log would hide it.
    await talk('new');
    expect(client.logId).not.toBe(before);
    expect(texts()).toEqual(['kept', 're: kept', 'new', 're: new']);
    // The list is read anew, too, in its own time.
    const listed = () => client.conversations().find(({ id }) => id === conversation.id);
    await waitFor(() => listed()?.last_seq === 5, { describe: 'the conversation to be listed' });
  } finally {
    await close();
  }
}, 60_000);
