import { accessSync, constants, statSync } from 'node:fs';
import type { Finding } from './check';
import { attempt, fail, ok } from './check';

/** Variables of ours that name a file with a secret. A certificate authority is public. */
const NAMED_BY = /^(JWT|INTERNAL_JWT|ADMIN|REDIS|QUEUE_REDIS|APNS|FCM|WEBPUSH)_\w+(?<!_CA)_FILE$/;
const KEY_FILES = ['APNS_KEY_PATH'];

export function checkSecretFiles(env: Record<string, string | undefined>): Finding[] {
  return Object.entries(env).flatMap(([name, path]) =>
    path && (NAMED_BY.test(name) || KEY_FILES.includes(name))
      ? attempt(name, () => [secretFile(name, path)])
      : [],
  );
}

function secretFile(name: string, path: string): Finding {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file?.isFile()) return fail(name, `${path} is no file`, 'mount it, or correct the name');
  accessSync(path, constants.R_OK);
  const mode = (file.mode & 0o777).toString(8);
  // A group is how Kubernetes lets a process read a mounted secret.
  return (file.mode & 0o007) === 0
    ? ok(name, `mode ${mode}`)
    : fail(name, `mode ${mode}: everybody can read it`, `chmod 600 ${path}`);
}
