import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startFaultProxy } from '../fault-proxy';
import { LaunchError } from '../stack/launch-error';
import { waitFor } from '../wait-for';
import { takeBaseBackup } from './base-backup';
import { findPostgres } from './find-postgres';
import { startPostgres, type PostgresProcess } from './postgres-process';

const run = promisify(execFile);

/** A primary, and a standby that has what is answered before it is: streaming replication, synchronous. */
export interface PostgresPair {
  /** What DATABASE_URL takes: of the primary, whichever it is. */
  readonly url: string;
  /** Ends the primary as a crash does; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /**
   * Ends the primary for good and promotes the standby, which answers by itself until it has a standby of its own.
   * Resolves when what is answered is on both again.
   */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

const STANDBY_TIMEOUT_MS = 60_000;

/** Real servers on 127.0.0.1 that die with this process. */
export async function startPostgresPair(): Promise<PostgresPair> {
  const parent = mkdtempSync(join(tmpdir(), 'am-postgres-pair-'));
  const servers: PostgresProcess[] = [];
  let count = 0;
  const nextDir = (): string => join(parent, `data-${(count += 1)}`);
  async function stop(): Promise<void> {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(parent, { recursive: true, force: true });
  }
  async function startServer(dir: string): Promise<PostgresProcess> {
    const server = await startPostgres({ dir });
    servers.push(server);
    return server;
  }

  /** Copied from the primary, which answers nothing from then on that it does not have. */
  async function addStandby(of: PostgresProcess): Promise<PostgresProcess> {
    const dir = nextDir();
    await takeBaseBackup(of, dir, { follow: true });
    const added = await startServer(dir);
    await waitFor(
      async () =>
        (await ask(of, `SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'`)) === '1',
      { timeoutMs: STANDBY_TIMEOUT_MS },
    );
    await answerTogether(of);
    return added;
  }

  try {
    let primary = await startServer(nextDir());
    let standby = await addStandby(primary);
    const proxy = await startFaultProxy({ target: primary.port });
    return {
      url: primary.url.replace(`:${primary.port}/`, `:${proxy.port}/`),
      kill: () => primary.kill(),
      start: () => primary.start(),
      async failOver() {
        await primary.kill();
        await ask(standby, 'SELECT pg_promote(true, 60)');
        primary = standby;
        proxy.retarget(primary.port);
        standby = await addStandby(primary);
      },
      async stop() {
        await stop();
        await proxy.close();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** By the superuser. */
async function ask({ adminUrl }: PostgresProcess, ...statements: string[]): Promise<string> {
  const commands = statements.flatMap((statement) => ['-c', statement]);
  const { stdout } = await run(join(binOf(), 'psql'), ['-XAtq', '-d', adminUrl, ...commands]);
  return stdout.trim();
}

/** From now on it answers what its standby has. */
async function answerTogether(server: PostgresProcess): Promise<void> {
  await ask(server, `ALTER SYSTEM SET synchronous_standby_names = '*'`, 'SELECT pg_reload_conf()');
  await waitFor(
    async () => (await ask(server, `SELECT sync_state FROM pg_stat_replication`)) === 'sync',
    { timeoutMs: STANDBY_TIMEOUT_MS },
  );
}

function binOf(): string {
  const programs = findPostgres();
  if (!programs) throw new LaunchError('no PostgreSQL server is here');
  return programs.bin;
}
