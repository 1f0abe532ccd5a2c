import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../command-line';

/** The built messages of a checkout. */
export function messagesOf(folder: string): string {
  return join(resolve(folder), 'apps', 'messages', 'dist', 'main.js');
}

/** The folder of another checkout, which an option names. @throws UsageError when it is not built */
export function otherBuild(option: string, folder: string): string {
  if (existsSync(messagesOf(folder))) return resolve(folder);
  throw new UsageError(`${option}: ${messagesOf(folder)} is missing: build it there.`);
}
