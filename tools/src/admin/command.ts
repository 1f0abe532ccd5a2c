import { parseCommandLine, UsageError, type OptionsConfig } from '../command-line';
import type { AdminContext } from './admin-context';

type Values<O extends OptionsConfig> = ReturnType<typeof parseCommandLine<O>>['values'];

interface Definition<O extends OptionsConfig> {
  /** What follows the command's name: `<agent> [--name TEXT]`. */
  usage: string;
  /** One sentence. */
  summary: string;
  /** How many arguments it takes besides its options; two numbers are the least and the most. */
  takes: number | [least: number, most: number];
  options: O;
  run(input: { args: string[]; values: Values<O> }, context: AdminContext): Promise<void>;
}

export interface Command {
  usage: string;
  summary: string;
  run(args: string[], context: AdminContext): Promise<void>;
}

/** A command with its options: what is not one of them is refused before anything is done. */
export function defineCommand<const O extends OptionsConfig>(definition: Definition<O>): Command {
  const { usage, summary, takes, options } = definition;
  return {
    usage,
    summary,
    async run(args, context) {
      const { positionals, values } = parseCommandLine(args, options);
      const [least, most] = typeof takes === 'number' ? [takes, takes] : takes;
      if (positionals.length < least || positionals.length > most) {
        throw new UsageError(`expects: ${usage || 'nothing but its options'}`);
      }
      await definition.run({ args: positionals, values }, context);
    },
  };
}
