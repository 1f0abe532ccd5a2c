import { pino } from 'pino';

export type Logger = pino.Logger;

/** Whatever is logged, these never are. Message text is never handed to a logger in the first place. */
const SECRETS = [
  'token',
  'password',
  'api_key',
  'apiKey',
  'secret',
  'authorization',
  'content',
  'refresh_token',
  'access_token',
];

export function createLogger(options: { name: string; level: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
      censor: '[redacted]',
    },
  });
}
