import { readFileSync } from 'node:fs';

/** The variables that other checks look at; any of them may be in a file. */
const SETTINGS = [
  'REDIS_URL',
  'QUEUE_REDIS_URL',
  'REDIS_TLS_CA',
  'REDIS_TLS_CERT',
  'REDIS_TLS_KEY',
  'FCM_SERVICE_ACCOUNT',
  'DATABASE_URL',
];

type Env = Record<string, string | undefined>;

/** As services read it: `X_FILE` names a file that holds X. What cannot be read is left to `checkSecretFiles`. */
export function withFiles(env: Env): Env {
  const read: Env = {};
  for (const name of SETTINGS) {
    const path = env[`${name}_FILE`];
    if (env[name] || !path) continue;
    try {
      read[name] = readFileSync(path, 'utf8').trim();
    } catch {
      continue;
    }
  }
  return { ...env, ...read };
}
