import { parseOptions, UsageError, wholeNumber } from '../../command-line';
import { otherBuild } from '../other-build';

export interface StoreBenchOptions {
  thousands: number;
  store: 'sqlite' | 'postgres';
  /** Folder of another checkout, built, that is measured beside this one. */
  against?: string;
  json: boolean;
  help: boolean;
}

export const storeHelp = `npm run bench -- store [options]

Fills a store through the calls of gateways, in batches as they come from several gateways under load, and tells what
growth costs: appends, size, CPU, connecting, listing, reading, start, backup.

  --thousands N     thousands of messages of 200 bytes, in 1,000 conversations (default 500)
  --store STORE     sqlite (default) or postgres: a private PostgreSQL, as durable as the file
  --against FOLDER  fills a store of another checkout too, a tenth of each in turn, and compares: in FOLDER npm install
                    and npm run build have been run
  --json            one JSON object on stdout instead of the table
  --help            this text
`;

/** @throws UsageError */
export function storeBenchOptions(args: string[]): StoreBenchOptions {
  const values = parseOptions(args, {
    thousands: { type: 'string' },
    store: { type: 'string' },
    against: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  const { store = 'sqlite', against } = values;
  if (store !== 'sqlite' && store !== 'postgres') {
    throw new UsageError(`--store takes sqlite or postgres, not "${store}".`);
  }
  return {
    thousands: wholeNumber('--thousands', values.thousands ?? '500', 1_000_000),
    store,
    json: values.json ?? false,
    help: values.help ?? false,
    ...(against !== undefined && { against: otherBuild('--against', against) }),
  };
}
