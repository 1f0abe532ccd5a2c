import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createVapidKeys, type VapidKeys } from '../push/vapid-keys';
import { LaunchError } from './launch-error';
import { makeFolder } from './make-folder';
import { writeWhole } from './write-whole';

/** Files with one secret each, created on first use. */
export const SECRETS = ['jwt_secret', 'internal_jwt_secret', 'admin_api_key'] as const;
export type SecretName = (typeof SECRETS)[number];

export interface DataFolder {
  readonly dir: string;
  file(name: string): string;
  secretFile(name: SecretName): string;
  secret(name: SecretName): string;
  /** With which the installation identifies itself to the push services of browsers. */
  vapidKeys(): VapidKeys;
  /** Keeps this stack's keys apart from those of others in a shared Redis. */
  redisPrefix(): string;
  /** Of the Redis that is started for this stack alone. */
  redisPassword(): string;
  /** Of the PostgreSQL that is started for this stack alone. */
  postgresPassword(): string;
  /** The next start finds the same data, unless it is told otherwise. */
  noteStore(store: 'sqlite' | 'postgres'): void;
  /** The file that a service reads it from: it has a password in it. */
  writeDatabaseUrl(url: string): string;
}

/** Opens or creates the folder in which one stack keeps all that must survive it. */
export function openDataFolder(path: string): DataFolder {
  const dir = resolve(path);
  try {
    return open(dir);
  } catch (error) {
    // Not a folder, not ours, read-only, full: an error of the file system says it in one line.
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new LaunchError(`The data folder ${dir} cannot be used: ${message}`);
  }
}

function open(dir: string): DataFolder {
  const file = (name: string): string => join(dir, name);
  makeFolder(dir);
  // A folder that holds other things belongs to someone else, who decides who may look into it.
  if (readdirSync(dir).length === 0) chmodSync(dir, 0o700);
  for (const name of ['logs', 'redis']) makeFolder(file(name));
  const random = (bytes: number): string => randomBytes(bytes).toString('hex');
  const kept = (name: string, make: () => string): string => {
    if (!existsSync(file(name))) writeSecret(file(name), make());
    return readFileSync(file(name), 'utf8').trim();
  };
  for (const name of SECRETS) kept(name, () => random(32));
  return {
    dir,
    file,
    secretFile: file,
    secret: (name) => kept(name, () => random(32)),
    vapidKeys: () =>
      JSON.parse(kept('vapid_keys', () => JSON.stringify(createVapidKeys()))) as VapidKeys,
    redisPassword: () => kept('redis_password', () => random(32)),
    postgresPassword: () => kept('postgres_password', () => random(32)),
    noteStore: (store) => writeSecret(file('store'), store),
    writeDatabaseUrl(url) {
      writeSecret(file('database_url'), url);
      return file('database_url');
    },
    redisPrefix: () => kept('redis_prefix', () => `am-${random(4)}`),
  };
}

/** Writes a file that only its owner reads. */
export function writeSecret(path: string, text: string): void {
  writeWhole(path, `${text}\n`);
}
