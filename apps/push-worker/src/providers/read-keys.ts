import { ConfigError } from '@agent-messenger/service-kit';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { serviceAccountSchema, type ServiceAccount } from './fcm/service-account';

/**
 * PEM of the key with which provider tokens are signed.
 * @throws ConfigError here rather than with every notification
 */
export function readApnsKey(path: string): string {
  const pem = readText('APNS_KEY_PATH', path);
  if (curveOf(pem) !== 'prime256v1') {
    throw new ConfigError(['APNS_KEY_PATH: holds no private key for ES256 (.p8)']);
  }
  return pem;
}

/**
 * @param given JSON, or the path of a JSON file
 * @throws ConfigError without a part of what was given, which has the key in it
 */
export function readServiceAccount(given: string): ServiceAccount {
  const name = 'FCM_SERVICE_ACCOUNT';
  const text = given.trimStart().startsWith('{') ? given : readText(name, given);
  const { data, error } = serviceAccountSchema.safeParse(parseJson(text));
  if (!data) {
    const wrong = error.issues.map(({ path }) => path.join('.')).filter((path) => path !== '');
    const what = wrong.length > 0 ? `has no proper ${wrong.join(', ')}` : 'is not JSON';
    throw new ConfigError([`${name}: ${what}`]);
  }
  return data;
}

function readText(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError([`${name}: ${path} cannot be read (${code})`]);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function curveOf(pem: string): string | undefined {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve;
  } catch {
    return undefined;
  }
}
