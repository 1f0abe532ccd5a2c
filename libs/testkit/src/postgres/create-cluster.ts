import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findRoot } from '../find-root';
import { LaunchError } from '../stack/launch-error';
import { openDataArgument } from './data-argument';
import type { PostgresPrograms } from './find-postgres';
import { giveTo, serverUser } from './server-user';

const run = promisify(execFile);

/** Both the role and the database that are made for the product. */
export const OWN_NAME = 'messenger';
/** initdb's, beside the product's role; with the same password. */
export const SUPERUSER = 'postgres';

/** Makes the data folder of a server, whole or not at all. Its first start needs no more than this. */
export async function createCluster(
  { bin }: PostgresPrograms,
  { dir, password, durable }: { dir: string; password: string; durable: boolean },
): Promise<void> {
  const making = `${dir}.making`;
  rmSync(making, { recursive: true, force: true });
  try {
    await cp(await ensureTemplate(bin), making, { recursive: true });
    giveTo(serverUser(), making);
    await runSingle(bin, making, [
      `ALTER ROLE ${SUPERUSER} PASSWORD '${password}'`,
      `CREATE ROLE ${OWN_NAME} LOGIN PASSWORD '${password}'`,
      `CREATE DATABASE ${OWN_NAME} OWNER ${OWN_NAME}`,
    ]);
    if (durable) await run('sync');
    renameSync(making, dir);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** A cluster as initdb makes it in two seconds of a core: made once, and copied. */
async function ensureTemplate(bin: string): Promise<string> {
  const { stdout } = await run(join(bin, 'postgres'), ['--version']);
  const [version = ''] = /\d+\.\d+/.exec(stdout) ?? [];
  const cache = join(findRoot(), 'node_modules', '.cache', 'agent-messenger');
  const template = join(cache, `postgres-${version}`);
  if (existsSync(template)) return template;
  const made = mkdtempSync(join(tmpdir(), 'am-initdb-'));
  const copied = `${template}.${randomBytes(4).toString('hex')}`;
  try {
    const user = serverUser();
    giveTo(user, made);
    const encoding = ['--encoding=UTF8', '--locale=C'];
    const trust = ['--auth-host=scram-sha-256', '--auth-local=reject'];
    const args = [...encoding, ...trust, '--username', SUPERUSER, '--wal-segsize=1', '--no-sync'];
    await run(join(bin, 'initdb'), ['-D', made, ...args], { cwd: made, ...user });
    mkdirSync(dirname(copied), { recursive: true });
    await cp(made, copied, { recursive: true });
    // Another process may have been faster.
    if (!existsSync(template)) renameSync(copied, template);
  } catch (error) {
    if (!existsSync(template)) throw error;
  } finally {
    for (const dir of [made, copied]) rmSync(dir, { recursive: true, force: true });
  }
  return template;
}

/** Statements without a server that listens; they are in no process listing. */
async function runSingle(bin: string, dir: string, statements: string[]): Promise<void> {
  const user = serverUser();
  const data = openDataArgument(user, dir);
  const child = spawn(join(bin, 'postgres'), ['--single', '-D', data.path, '-F', 'postgres'], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe', ...data.stdio],
    ...user,
  });
  data.close();
  const ended = once(child, 'close') as Promise<[number | null]>;
  let printed = '';
  child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(`${statements.join('\n')}\n`);
  const [code] = await ended;
  // A statement that fails ends nothing.
  const [problem] = /^.*(ERROR|FATAL|PANIC):.*$/m.exec(printed) ?? [];
  if (code !== 0 || problem !== undefined) {
    throw new LaunchError(`postgres could not be set up: ${problem ?? printed.trim()}`);
  }
}
