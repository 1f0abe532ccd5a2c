import { GREEDY_PEERS, type GreedyPeer } from '@agent-messenger/testkit';
import { parseOptions, UsageError, wholeNumber } from '../../command-line';

export interface AbuseBenchOptions {
  seconds: number;
  /** Until memory is looked at again. */
  after: number;
  peers: readonly GreedyPeer[];
  /** A folder for CPU profiles of messages and the gateway. */
  cpuProf?: string;
  json: boolean;
  help: boolean;
}

export const abuseHelp = `npm run bench -- abuse [options]

Greedy peers, one after another, beside 50 ordinary pairs at 200 messages/s: what they cost the others, how much memory
each process of the stack takes meanwhile and afterwards, and what they are answered. They come from an address of their
own, and the bounds are those of an installation. Memory is what is resident, compared with the most that a process has
under the ordinary load alone, in a store that is larger than its caches: at most, afterwards, and then without garbage,
compared with the same of the ordinary load. Garbage is collected for that, in all threads, after each greedy peer. The
list is in docs/security.md.

  --seconds N      length of each measurement, after a warm-up of 2 s (default 10)
  --after N        seconds until memory is looked at again (default 30)
  --only TEXT      greedy peers whose name has this text
  --cpu-prof DIR   writes CPU profiles of messages and the gateway to DIR
  --json           one JSON object on stdout instead of the table
  --help           this text

Exit code: 0, 1 when a row is beyond its bounds (the others' p99 at most 3 times that of quiet and 50 ms more, memory at
most 128 MiB above and, without garbage, back within 32 MiB, no process ended, nobody else refused, each one measured),
2 for a wrong option.
`;

/** @throws UsageError */
export function abuseBenchOptions(args: string[]): AbuseBenchOptions {
  const values = parseOptions(args, {
    seconds: { type: 'string' },
    after: { type: 'string' },
    only: { type: 'string' },
    'cpu-prof': { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  const only = values.only ?? '';
  const peers = GREEDY_PEERS.filter(({ name }) => name.includes(only));
  if (peers.length === 0) throw new UsageError(`--only: no greedy peer has "${only}" in its name.`);
  return {
    seconds: wholeNumber('--seconds', values.seconds ?? '10', 3_600),
    after: wholeNumber('--after', values.after ?? '30', 3_600),
    peers,
    ...(values['cpu-prof'] !== undefined && { cpuProf: values['cpu-prof'] }),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}
