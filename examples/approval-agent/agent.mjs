// Deletes files of a folder once a person has approved: "delete a.txt b.txt".
// AGENT_API_KEY=amk_… FOLDER=/tmp/scratch node examples/approval-agent/agent.mjs
import { connectAgent } from '@agent-messenger/sdk';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

const {
  AGENT_MESSENGER_URL: url = 'http://127.0.0.1:8080',
  AGENT_API_KEY: apiKey,
  FOLDER,
} = process.env;
if (!FOLDER) throw new Error('FOLDER is needed');

const OPTIONS = [
  { id: 'delete', label: 'Delete', style: 'danger' },
  { id: 'keep', label: 'Keep' },
];
/** A name, and no way out of the folder. */
const isName = (text) => /^\w[\w.-]*$/.test(text);

const agent = await connectAgent({ url, apiKey });

// What it says follows from the message alone: after a crash it runs again, asks the same question, which is there
// already, and finds what was chosen.
agent.onMessage(async ({ content }, conversation) => {
  const [verb, ...names] = content.trim().split(/\s+/);
  if (verb !== 'delete' || names.length === 0 || !names.every(isName)) {
    return conversation.send('Say "delete" and the names of files.');
  }
  const all = names.join(', ');
  const choice = await conversation.ask(`Delete ${all}?`, OPTIONS, { timeoutMs: 3_600_000 });
  if (choice === null) return conversation.send('Nobody has answered: kept.');
  if (choice === 'keep') return conversation.send('Kept.');
  conversation.activity('using_tool', 'deleting files');
  for (const name of names) await rm(join(FOLDER, name), { force: true });
  return conversation.send(`Deleted: ${all}.`);
});
console.log('connected');
