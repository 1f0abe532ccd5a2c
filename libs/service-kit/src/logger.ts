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
  // Synchronous: pino's asynchronous default flushes at exit in a loop that never ends when nobody reads
  // stdout any more, which is how a service ends whose launcher has vanished.
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
}
