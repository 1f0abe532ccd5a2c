import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { createVapidKeys, type VapidKeys } from '../push/vapid-keys';

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
}

/** Opens or creates the folder in which one stack keeps all that must survive it. */
export function openDataFolder(path: string): DataFolder {
  const dir = resolve(path);
  const file = (name: string): string => join(dir, name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // A folder that holds other things belongs to someone else, who decides who may look into it.
  if (readdirSync(dir).length === 0) chmodSync(dir, 0o700);
  for (const name of ['logs', 'redis']) mkdirSync(file(name), { recursive: true, mode: 0o700 });
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
    redisPrefix: () => kept('redis_prefix', () => `am-${random(4)}`),
  };
}

/** Writes a file that only its owner reads. */
export function writeSecret(path: string, text: string): void {
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
}
