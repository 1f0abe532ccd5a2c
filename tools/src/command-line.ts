import { parseArgs, type ParseArgsConfig } from 'node:util';

export type OptionsConfig = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>;

/** What the person typed cannot be carried out; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError */
export function parseCommandLine<const O extends OptionsConfig>(
  args: string[],
  options: O,
): Parsed<O> {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    // The first sentence names the option; what follows is about positional arguments.
    const [message = ''] = String(error instanceof Error ? error.message : error).split(/\.\s|\n/);
    throw new UsageError(`${message}. --help lists the options.`);
  }
}

/** Of a command that takes nothing but options. @throws UsageError */
export function parseOptions<const O extends OptionsConfig>(
  args: string[],
  options: O,
): Parsed<O>['values'] {
  const { values, positionals } = parseCommandLine(args, options);
  const [extra] = positionals;
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument '${extra}'. --help lists the options.`);
  }
  return values;
}

/** From 1 to `max`. @throws UsageError */
export function wholeNumber(option: string, text: string, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= max) return value;
  throw new UsageError(`${option} takes a whole number from 1 to ${max}, not "${text}".`);
}
