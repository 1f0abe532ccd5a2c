import type { Client } from '@agent-messenger/sdk';
import {
  codeBlocks,
  findPostgres,
  runsHere,
  startPostgres,
  waitFor,
  type PostgresProcess,
} from '@agent-messenger/testkit';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEchoTalk } from './echo-talk';
import { startReliability, type Reliability } from './setup';

const run = promisify(execFile);

let folder: string;
let postgres: PostgresProcess;
let system: Reliability;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'am-dump-'));
  postgres = await startPostgres();
  system = await startReliability({ store: 'postgres', databaseUrl: postgres.url, messages: 2 });
}, 120_000);
afterAll(async () => {
  await system.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/**
 * The commands of docs/postgresql.md, Backup: the one that dumps, one that reads the dump, and those that restore it.
 */
const [DUMP, READ_AGAIN, RESTORE] = codeBlocks('docs/postgresql.md')
  .filter(
    ({ name, language }) => name.startsWith('docs/postgresql.md, Backup') && language === 'sh',
  )
  .map(({ code }) => code);

/** As an operator runs it, against the server of now. */
async function shell(commands: string | undefined): Promise<void> {
  if (commands === undefined) throw new Error('docs/postgresql.md does not say how');
  const { hostname, port, username, password } = new URL(postgres.adminUrl);
  const env = {
    PATH: `${findPostgres()?.bin}:/usr/bin:/bin`,
    ...{ PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password },
  };
  await run('bash', ['-ec', commands], { cwd: folder, env });
}

/** Of all messages of a conversation. */
async function readTexts(client: Client, conversation_id: string): Promise<string[]> {
  const texts: string[] = [];
  let [after_seq, more] = [0, true];
  while (more) {
    const params = { conversation_id } as { conversation_id: `cnv_${string}` };
    const page = await client.rest.request('listEvents', {
      params,
      query: { after_seq, limit: 200 },
    });
    for (const event of page.events) {
      if (event.type === 'message.created') texts.push(event.message.content ?? '');
    }
    after_seq = page.events.at(-1)?.seq ?? after_seq;
    more = page.has_more;
  }
  return texts;
}

(runsHere(findPostgres() !== undefined) ? test : test.skip)(
  'load, a dump under load, destroy, restore: what was acked before the dump is there, in order, and everybody goes on',
  async () => {
    const { client, conversation, talk, close } = await startEchoTalk(system);
    try {
      let sent = 0;
      let loading = true;
      const load = (async () => {
        for (; loading; sent += 1) await conversation.send(`${sent + 1}`);
      })();
      await waitFor(() => sent >= 50, { describe: 'some load', timeoutMs: 60_000 });
      const before = sent;
      await shell(DUMP);
      await shell(READ_AGAIN);
      // It went on while the dump was made.
      await waitFor(() => sent > before + 20, { describe: 'more load', timeoutMs: 60_000 });
      loading = false;
      await load;

      const { logId } = client;
      const { replicas, dataDir } = system.stack;
      await Promise.all(replicas.map((replica) => replica.kill()));
      await postgres.stop();
      postgres = await startPostgres();
      await shell(RESTORE);
      const restored = Object.assign(new URL(postgres.url), { pathname: 'restored' });
      writeFileSync(join(dataDir, 'database_url'), restored.href);
      await Promise.all(replicas.map((replica) => replica.start()));

      const isAnother = () => client.logId !== logId;
      await waitFor(isAnother, { describe: 'the client sees another log', timeoutMs: 60_000 });
      await talk('after the restore', { timeoutMs: 60_000 });
      const texts = await readTexts(client, conversation.id);
      const own = texts.filter((text) => /^\d+$/.test(text));
      expect(own).toEqual(own.map((_, index) => `${index + 1}`));
      expect(own.length).toBeGreaterThanOrEqual(before);
      expect(own.length).toBeLessThan(sent);
    } finally {
      await close();
    }
  },
  180_000,
);
