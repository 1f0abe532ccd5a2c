import {
  findPostgres,
  runsHere,
  startPostgres,
  takeBaseBackup,
  waitFor,
  type PostgresProcess,
} from '@agent-messenger/testkit';
import { Client } from 'pg';
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEchoTalk } from './echo-talk';
import { startReliability, type Reliability } from './setup';

let folder: string;
let postgres: PostgresProcess;
let system: Reliability;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'am-point-'));
  const dir = join(folder, 'data');
  const archive = join(folder, 'archive');
  mkdirSync(archive);
  postgres = await startPostgres({
    dir,
    settings: {
      archive_mode: 'on',
      archive_command: `cp %p ${archive}/%f`,
      // Read only while it recovers.
      restore_command: `cp ${archive}/%f %p`,
    },
  });
  // Another user's process writes there, and has to get there.
  const { uid, gid } = statSync(dir);
  chownSync(archive, uid, gid);
  chownSync(folder, uid, gid);
  system = await startReliability({ store: 'postgres', databaseUrl: postgres.url, messages: 2 });
}, 120_000);
afterAll(async () => {
  await system.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function ask<Row extends object>(sql: string): Promise<Row> {
  const client = new Client({ connectionString: postgres.adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(sql);
    return rows[0]!;
  } finally {
    await client.end();
  }
}

/** All that was written up to now can be recovered. */
async function archived(): Promise<void> {
  const { file } = await ask<{ file: string }>('SELECT pg_walfile_name(pg_switch_wal()) AS file');
  await waitFor(
    async () => {
      const { done } = await ask<{ done: boolean }>(
        `SELECT coalesce(last_archived_wal >= '${file}', false) AS done FROM pg_stat_archiver`,
      );
      return done;
    },
    { describe: 'the write-ahead log to be archived' },
  );
}

/** As docs/postgresql.md has it: the base backup in the place of the data, and up to this time what was archived. */
async function recoverTo(time: string, backup: string): Promise<void> {
  await postgres.kill();
  renameSync(postgres.dir, `${postgres.dir}.before`);
  renameSync(backup, postgres.dir);
  const { uid, gid } = statSync(postgres.dir);
  const signal = join(postgres.dir, 'recovery.signal');
  writeFileSync(signal, '');
  chownSync(signal, uid, gid);
  appendFileSync(
    join(postgres.dir, 'postgresql.auto.conf'),
    `recovery_target_time = '${time}'\nrecovery_target_action = 'promote'\n`,
  );
  await postgres.start();
}

(runsHere(findPostgres() !== undefined) ? test : test.skip)(
  'back to a moment, while everybody is connected: what was sent since is gone, nothing else, and nothing is there twice',
  async () => {
    const { client, conversation, texts, talk, freshDevice, close } = await startEchoTalk(system);
    try {
      await talk('in the base backup', { timeoutMs: 60_000 });
      const backup = join(folder, 'base');
      await takeBaseBackup(postgres, backup);
      await talk('in the archive', { timeoutMs: 60_000 });
      const { time } = await ask<{ time: string }>('SELECT clock_timestamp()::text AS time');
      await talk('too late', { timeoutMs: 60_000 });
      await archived();
      const before = client.logId;

      await recoverTo(time, backup);
      // Nobody says anything, and no replica was started anew.
      const isAnother = () => client.logId !== before;
      await waitFor(isAnother, { describe: 'the client sees another log', timeoutMs: 60_000 });
      await talk('new', { timeoutMs: 60_000 });
      const kept = ['in the base backup', 'in the archive', 'new'];
      expect(texts()).toEqual(kept.flatMap((text) => [text, `re: ${text}`]));
      // Of both replicas, and of somebody who comes without a past.
      const fresh = await freshDevice();
      const listed = () => fresh.conversations().find(({ id }) => id === conversation.id);
      await waitFor(() => listed()?.last_seq === 7, { describe: 'the conversation to be listed' });
      expect(fresh.logId).toBe(client.logId);
      await fresh.close();
    } finally {
      await close();
    }
  },
  180_000,
);
