import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { AdminError } from './admin-error';
import type { Surroundings } from './surroundings';

/** A program of messages, which knows both stores: beside this one in its image, else where it was built. */
export function messagesProgram(name: string): string {
  const places = [__dirname, join(__dirname, '..', '..', 'apps', 'messages', 'dist')];
  const program = places.map((dir) => join(dir, `${name}.js`)).find((file) => existsSync(file));
  if (program === undefined) throw new AdminError('npm run build first');
  return program;
}

/**
 * Lets a program of messages work on the database `url`; its progress is told as warnings. Resolves with what it did.
 * @throws AdminError with `failed` and the reason
 */
export async function runOnDatabase<T>(
  name: string,
  args: readonly string[],
  { url, failed, around }: { url: string; failed: string; around: Surroundings },
): Promise<T> {
  const child = spawn(process.execPath, [messagesProgram(name), ...args], {
    env: { ...around.env, DATABASE_URL: url, DATABASE_URL_FILE: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface(child.stderr).on('line', (line) => around.warn(line));
  const [output, [code, signal]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  if (code === 0) return JSON.parse(output) as T;
  throw new AdminError(`${failed}: ${output.trim() || `it ended with ${signal ?? code}`}`);
}
