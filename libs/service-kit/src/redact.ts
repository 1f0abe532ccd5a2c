const REDACTED = '[redacted]';

/**
 * What secrets look like inside of a text: an error's message, a URL. No pattern begins anew within what it has passed
 * over, so that a long text costs its length and not its square.
 */
const PATTERNS: readonly [RegExp, string][] = [
  // Tokens (JWT): access tokens and those between services.
  [/(?<![\w-])eyJ[\w-]{4,}\.[\w-]+(\.[\w-]*)*/g, REDACTED],
  // API keys; the key id names the key and is no secret.
  [/(?<![\w-])(amk_[a-z0-9]{1,32}_)[\w-]+/g, `$1${REDACTED}`],
  [/\b(Bearer|Basic) +[\w.~+/=-]+/gi, `$1 ${REDACTED}`],
  // User and password of a URL.
  [/((?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'@]*@/gi, `$1${REDACTED}@`],
  [/([?&](?:[\w-]*token|api_?key|key|password|secret)=)[^&\s"'#]+/gi, `$1${REDACTED}`],
];

/** The text without what looks like a secret in it. */
export function redact(text: string): string {
  let redacted = text;
  for (const [pattern, replacement] of PATTERNS) {
    redacted = redacted.replace(pattern, replacement);
  }
  return redacted;
}

/** Causes within causes are logged to this depth. */
const MOST_CAUSES = 5;

interface SerializedError {
  type: string;
  message: string;
  stack: string | undefined;
  code?: unknown;
  cause?: SerializedError;
  errors?: SerializedError[];
}

/**
 * What is logged of an error: not everything that hangs on it. ioredis keeps the command with its arguments there, a
 * password for instance, undici the request.
 */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: String(error), stack: undefined };
  }
  const { cause } = error;
  const goesDeeper = depth < MOST_CAUSES;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...('code' in error && { code: error.code }),
    ...(goesDeeper && cause !== undefined && { cause: serializeError(cause, depth + 1) }),
    ...(goesDeeper &&
      error instanceof AggregateError && {
        errors: error.errors.slice(0, MOST_CAUSES).map((one) => serializeError(one, depth + 1)),
      }),
  };
}
