import { resolve } from 'node:path';
import { parseOptions, UsageError, wholeNumber } from '../../command-line';
import { ROWS, type RowName } from './rows';

export interface RatiosBenchOptions {
  rows: readonly RowName[];
  rounds: number;
  seconds: number;
  /** Folder of another checkout that has been built. */
  against?: string;
  json: boolean;
  help: boolean;
}

export const ratiosHelp = `npm run bench -- ratios [options]

What this build costs, beside bare servers that store and check nothing, and beside another build: each system starts
once, they are measured in turns, and a ratio is the median over adjacent rounds. Compare ratios, not figures.

  --row NAME       one row, or several with a comma between them (default: all):
                   saturation  durable messages/s of 50 pairs, ÷ bare Socket.IO
                   load        500 messages/s of 50 pairs: CPU of all services, bytes written, delivery p99
                   quiet       500 pairs with a message each 2 s: CPU of all services
                   push        pushes/s to 1,000 people who are offline, and how long after the grace
                   memory      of an idle connection, Socket.IO and plain
                   connects    connections with tokens a second, one gateway
  --against DIR    another checkout of this repository, built (npm run build): rows load, quiet and push beside it
  --rounds N       alternating rounds (default 3)
  --seconds N      length of each measurement under load, after a warm-up of 2 s (default 10)
  --json           one JSON object on stdout instead of the table
  --help           this text

Exit code: 0, 1 when a message or a notification was lost, doubled, out of order or refused, 2 for a wrong option. An aim
that is missed is said in the table.
`;

/** @throws UsageError */
export function ratiosBenchOptions(args: string[]): RatiosBenchOptions {
  const values = parseOptions(args, {
    row: { type: 'string' },
    against: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  return {
    rows: rowsOf(values.row),
    rounds: wholeNumber('--rounds', values.rounds ?? '3', 20),
    seconds: wholeNumber('--seconds', values.seconds ?? '10', 600),
    json: values.json ?? false,
    help: values.help ?? false,
    ...(values.against === undefined ? {} : { against: resolve(values.against) }),
  };
}

function rowsOf(text: string | undefined): readonly RowName[] {
  if (text === undefined) return ROWS;
  return text.split(',').map((name) => {
    const row = ROWS.find((each) => each === name);
    if (!row) throw new UsageError(`--row takes ${ROWS.join(', ')}, not "${name}".`);
    return row;
  });
}
