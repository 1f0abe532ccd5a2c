import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import { AdminError } from './admin-error';
import type { Surroundings } from './surroundings';

type ParseArgsOptionsConfig = NonNullable<ParseArgsConfig['options']>;
type Values<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>['values'];

interface Definition<O extends ParseArgsOptionsConfig> {
  /** What follows the command's name: `<agent> [--name TEXT]`. */
  usage: string;
  /** One sentence. */
  summary: string;
  /** How many arguments it takes besides its options; two numbers are the least and the most. */
  takes: number | [least: number, most: number];
  options: O;
  run(input: { args: string[]; values: Values<O> }, around: Surroundings): Promise<void>;
}

export interface Command {
  usage: string;
  summary: string;
  run(args: string[], around: Surroundings): Promise<void>;
}

/** A command with its options: what is not one of them is refused before anything is done. */
export function defineCommand<const O extends ParseArgsOptionsConfig>(
  definition: Definition<O>,
): Command {
  const { usage, summary, takes, options } = definition;
  return {
    usage,
    summary,
    async run(args, around) {
      const { positionals, values } = parse(args, options);
      const [least, most] = typeof takes === 'number' ? [takes, takes] : takes;
      if (positionals.length < least || positionals.length > most) {
        throw new AdminError(`expects: ${usage || 'nothing but its options'}`, 2);
      }
      await definition.run({ args: positionals, values }, around);
    },
  };
}

function parse<O extends ParseArgsOptionsConfig>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (cause) {
    // The first sentence names the option; what follows is about positional arguments.
    const [message] = (cause as Error).message.split(/\.\s|\n/);
    throw new AdminError(`${message}; --help lists the options`, 2, { cause });
  }
}
