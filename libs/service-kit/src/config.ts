import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Every problem of a configuration at once, one a line, without values: they may be secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: string[]) {
    super(`configuration:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Reads a service's variables. `X_FILE` names a file that holds X; an empty value counts as missing.
 * @throws ConfigError with all problems
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = env[name];
    const file = env[`${name}_FILE`];
    if (value && file) problems.push(`${name}: set it or ${name}_FILE, not both`);
    else if (value) values[name] = value;
    else if (file) {
      try {
        values[name] = readFileSync(file, 'utf8').trim();
      } catch (error) {
        problems.push(`${name}_FILE: ${error instanceof Error ? error.message : String(error)}`);
        values[name] = '';
      }
    }
  }
  const parsed = schema.safeParse(values);
  if (parsed.success && problems.length === 0) return parsed.data;
  const named = new Set(problems.map((problem) => problem.split(/_FILE:|:/)[0]));
  for (const issue of parsed.error?.issues ?? []) {
    const name = issue.path.join('.');
    if (!named.has(name))
      problems.push(
        `${name}: ${name in values || issue.code === 'custom' ? issue.message : 'is required'}`,
      );
  }
  throw new ConfigError(problems);
}

/** Internal URLs of a service: one, or those of all its replicas where nothing distributes calls to them. */
export function serviceUrls(what: string) {
  const urls = (text: string): string[] => text.split(',').map((part) => part.trim());
  const url = z.url({ protocol: /^https?$/ });
  return z
    .string()
    .refine((text) => urls(text).every((each) => url.safeParse(each).success), 'Invalid URL')
    .transform(urls)
    .describe(`${what}; of replicas with nothing in front of them all, separated by commas.`);
}

/** What manuals and examples write where a secret belongs. */
const PLACEHOLDERS = [
  'change.?me|change.?this|replace|insert|your[-_ ]|<.*>|to-?do|do.?not.?use|generate.?with|dev[-_]',
  'secret|passw|credential|placeholder|default|example|sample|testing|insecure|development',
  'agent.?messenger|keyboard.?cat|letmein|lorem.?ipsum|foo.?bar|qwert',
  '0123456789|1234567890|9876543210|abcdefghij|a1b2c3d4',
];
const KNOWN_PLACEHOLDERS = new RegExp(PLACEHOLDERS.join('|'), 'i');
/** `aaaa…`, `abcabc…` */
const REPETITION = /^(.{1,16}?)\1+.{0,15}$/s;
/** Random ones have more: of 32 hexadecimal digits 14 are different on average. */
const LEAST_DIFFERENT = 8;

function isWellKnown(secret: string): boolean {
  return (
    KNOWN_PLACEHOLDERS.test(secret) ||
    REPETITION.test(secret) ||
    new Set(secret).size < LEAST_DIFFERENT
  );
}

/** A secret of at least 32 characters that is no placeholder from a manual. */
export function secret(description: string) {
  return z
    .string()
    .min(32, { error: 'must have at least 32 characters', abort: true })
    .refine((value) => !isWellKnown(value), 'is a well-known placeholder')
    .describe(description);
}

export const port = (description: string) =>
  z.coerce.number().int().min(0).max(65_535).describe(description);
/** A whole number with its unit in the description. */
export const whole = (min: number, max: number, description: string) =>
  z.coerce.number().int().min(min).max(max).describe(description);

/** `name=value,…`, where values are percent-encoded; undefined for anything else. */
function headersOf(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name, value] = /^\s*([\w-]+)=(\S+)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    try {
      headers[name] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return headers;
}

/** With the names and meanings of OpenTelemetry. */
export const tracingConfig = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Base URL of an OpenTelemetry collector (OTLP/HTTP, JSON); without it nothing is traced.',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .refine((text) => headersOf(text) !== undefined, 'must be name=value,…')
    .transform((text) => headersOf(text) ?? {})
    .pipe(z.record(z.string(), z.string()))
    .optional()
    .describe('Headers for the collector, its credentials for instance: `name=value,…`.'),
  OTEL_TRACES_SAMPLER: z
    .enum(['parentbased_always_on', 'parentbased_traceidratio'])
    .default('parentbased_always_on')
    .describe('Whether all traces are kept, or the share OTEL_TRACES_SAMPLER_ARG of them.'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of traces that parentbased_traceidratio keeps.'),
  OTEL_BSP_SCHEDULE_DELAY: whole(
    10,
    60_000,
    'How long spans wait to be sent together, ms.',
  ).default(5_000),
};

export const baseConfig = {
  INTERNAL_JWT_SECRET: secret('Key of the tokens between services; the same for all services.'),
  INTERNAL_PORT: port(
    'Private port: calls between services, /livez, /readyz, /metrics; 0 takes a free one.',
  ).default(9090),
  HOST: z.string().default('0.0.0.0').describe('Address to listen on.'),
  INTERNAL_HOST: z
    .string()
    .optional()
    .describe('Address on which the private port listens; HOST by default.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  ...tracingConfig,
};

export const jwtConfig = {
  JWT_SECRET: secret('Key of the access tokens (HS256): auth signs, gateways verify.').optional(),
};
