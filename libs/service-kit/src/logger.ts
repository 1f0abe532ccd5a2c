import { pino } from 'pino';
import { redact, serializeError } from './redact';

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
  'device_token',
  'new_password',
  'current_password',
];

interface LoggerOptions {
  name: string;
  level: string;
  /** stdout by default. */
  destination?: pino.DestinationStream;
  /** What every line also says, asked for when it is written. */
  context?: () => object | undefined;
  /** Told of each line that is logged as `error` or `fatal`. */
  onError?: () => void;
}

export function createLogger(given: LoggerOptions): Logger {
  const { name, level, destination, context, onError } = given;
  const options: pino.LoggerOptions = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
      censor: '[redacted]',
    },
    serializers: { err: serializeError },
    ...(context && { mixin: () => context() ?? {} }),
    hooks: {
      // The last look at every line: also at what others put into the messages of their errors.
      streamWrite: redact,
      ...(onError && { logMethod: countErrors(onError) }),
    },
  };
  // Synchronous: pino's asynchronous default flushes at exit in a loop that never ends when nobody reads
  // stdout any more, which is how a service ends whose launcher has vanished.
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
}

type LogMethod = NonNullable<NonNullable<pino.LoggerOptions['hooks']>['logMethod']>;

function countErrors(onError: () => void): LogMethod {
  const errorLevel = pino.levels.values['error'] ?? 50;
  return function count(args, method, level) {
    if (level >= errorLevel) onError();
    method.apply(this, args);
  };
}
