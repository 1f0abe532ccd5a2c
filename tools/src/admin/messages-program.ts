import { findRoot } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { AdminError } from './admin-error';
import type { AdminContext } from './admin-context';

/** A program of messages, which knows both stores: beside this one in its image, else where it was built. */
export function messagesProgram(name: string): string {
  const beside = join(__dirname, `${name}.js`);
  if (existsSync(beside)) return beside;
  const built = join(findRoot(), 'apps', 'messages', 'dist', `${name}.js`);
  if (!existsSync(built)) throw new AdminError('npm run build first');
  return built;
}

interface ProgramContext {
  env: Record<string, string | undefined>;
  /** Told how far it is. */
  warn(line: string): void;
}

/**
 * Lets a program of messages do its work. Resolves with what it did.
 * @throws AdminError with the reason why it did not
 */
export async function runMessagesProgram<T>(
  name: string,
  args: readonly string[],
  context: ProgramContext,
): Promise<T> {
  const child = spawn(process.execPath, [messagesProgram(name), ...args], {
    env: context.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface(child.stderr).on('line', (line) => context.warn(line));
  const [output, [code, signal]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  if (code === 0) return JSON.parse(output) as T;
  throw new AdminError(output.trim() || `${name} ended with ${signal ?? code}`);
}

/**
 * The same for one that works on the database `url`.
 * @throws AdminError with `failed` and the reason
 */
export async function runOnDatabase<T>(
  name: string,
  args: readonly string[],
  { url, failed, context }: { url: string; failed: string; context: AdminContext },
): Promise<T> {
  return runMessagesProgram<T>(name, args, {
    env: { ...context.env, DATABASE_URL: url, DATABASE_URL_FILE: undefined },
    warn: (line) => context.warn(line),
  }).catch((cause: unknown) => {
    if (!(cause instanceof AdminError)) throw cause;
    throw new AdminError(`${failed}: ${cause.message}`, { cause });
  });
}
