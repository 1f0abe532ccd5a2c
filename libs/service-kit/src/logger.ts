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

interface LoggerOptions {
  name: string;
  level: string;
  /** stdout by default. */
  destination?: pino.DestinationStream;
}

export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
      censor: '[redacted]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
