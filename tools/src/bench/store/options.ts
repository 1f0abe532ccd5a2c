import { parseOptions, wholeNumber } from '../../command-line';

export interface StoreBenchOptions {
  thousands: number;
  json: boolean;
  help: boolean;
}

export const storeHelp = `npm run bench -- store [options]

Fills a store through the calls of gateways, in batches as they come from several gateways under load, and tells what
growth costs: appends, size, start, reading, backup.

  --thousands N    thousands of messages of 200 bytes, in 1,000 conversations (default 500)
  --json           one JSON object on stdout instead of the table
  --help           this text
`;

/** @throws UsageError */
export function storeBenchOptions(args: string[]): StoreBenchOptions {
  const values = parseOptions(args, {
    thousands: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  return {
    thousands: wholeNumber('--thousands', values.thousands ?? '500', 1_000_000),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}
